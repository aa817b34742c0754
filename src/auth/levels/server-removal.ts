import type { EntityManager } from 'typeorm';
import { NAMES_SERVER, WITHOUT_SERVER } from '../server-removal.js';
import { LEVEL_TABLES, type IdentityReference, type StoredLevelKind } from './identity-kinds.js';

const REMOVE_FROM_ACCESS_GROUPS = `
  UPDATE access_groups
  SET access_mcp_server_ids = array_remove(access_mcp_server_ids, $1), revision = $2
  WHERE $1 = ANY (access_mcp_server_ids)
  RETURNING access_group_id AS id`;

/**
 * Takes a server out of every level and access group, in the transaction that deletes it. The levels that named it
 * close, so that nothing widens.
 * @returns what changed
 */
export async function removeServerFromLevels(
  serverId: string,
  revision: number,
  manager: EntityManager,
): Promise<IdentityReference[]> {
  const changed: IdentityReference[] = [];
  for (const [kind, { table, id }] of Object.entries(LEVEL_TABLES) as [
    StoredLevelKind,
    { table: string; id: string },
  ][]) {
    const sql = `UPDATE ${table} SET ${WITHOUT_SERVER}, revision = $2 WHERE ${NAMES_SERVER} RETURNING ${id} AS id`;
    const [rows]: [{ id: string }[], number] = await manager.query(sql, [serverId, revision]);
    changed.push(...rows.map((row) => ({ kind, id: row.id })));
  }
  const [groups]: [{ id: string }[], number] = await manager.query(REMOVE_FROM_ACCESS_GROUPS, [serverId, revision]);
  return [...changed, ...groups.map((row) => ({ kind: 'access_group' as const, id: row.id }))];
}

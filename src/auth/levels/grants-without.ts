import type { EntityManager } from 'typeorm';
import { LEVEL_TABLES, type IdentityReference, type StoredLevelKind } from './identity-kinds.js';

/** SQL that takes what `$1` names out of the grants of a record, so that the record keeps speaking. */
export interface GrantsWithout {
  /** Assignments. */
  readonly set: string;
  /** Does a record name it? */
  readonly where: string;
}

/**
 * Takes something out of the grants of every level, in the transaction that deletes it.
 * @param id of what is deleted
 * @returns the levels that named it
 */
export async function takeOutOfLevels(
  { set, where }: GrantsWithout,
  id: string,
  revision: number,
  manager: EntityManager,
): Promise<IdentityReference[]> {
  const changed: IdentityReference[] = [];
  for (const [kind, level] of Object.entries(LEVEL_TABLES) as [StoredLevelKind, { table: string; id: string }][]) {
    const sql = `UPDATE ${level.table} SET ${set}, revision = $2 WHERE ${where} RETURNING ${level.id} AS id`;
    const [rows]: [{ id: string }[], number] = await manager.query(sql, [id, revision]);
    changed.push(...rows.map((row) => ({ kind, id: row.id })));
  }
  return changed;
}

const REMOVE_FROM_ACCESS_GROUPS = `
  UPDATE access_groups
  SET access_mcp_server_ids = array_remove(access_mcp_server_ids, $1), revision = $2
  WHERE $1 = ANY (access_mcp_server_ids)
  RETURNING access_group_id AS id`;

/**
 * Takes a server out of every access group, in the transaction that deletes it.
 * @returns the groups that had it
 */
export async function takeOutOfAccessGroups(
  serverId: string,
  revision: number,
  manager: EntityManager,
): Promise<IdentityReference[]> {
  const [rows]: [{ id: string }[], number] = await manager.query(REMOVE_FROM_ACCESS_GROUPS, [serverId, revision]);
  return rows.map((row) => ({ kind: 'access_group' as const, id: row.id }));
}

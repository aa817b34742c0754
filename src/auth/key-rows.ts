import type { DataSource } from 'typeorm';
import type { KeyRow } from './known-key.js';

/** Rows that are read at once: enough to keep the database busy, and few enough to leave time for calls. */
const BATCH = 2_000;

/**
 * Only what has to be known, in the form that costs least: entities of a hundred thousand keys, with their dates and
 * grants as objects, would take several times the time and the memory.
 */
const SELECT = `
  SELECT token, key_id, key_alias, user_id, team_id, organization_id, agent_id, expires, blocked, mcp_tool_search, permission_closed,
         access_group_ids, rpm_limit, mcp_rpm_limit, max_budget, revision, object_permission::text AS object_permission,
         CASE WHEN cardinality(allowed_routes) > 0 THEN allowed_routes END AS allowed_routes,
         CASE WHEN jsonb_array_length(argument_rules) > 0 THEN argument_rules END AS argument_rules,
         CASE WHEN metadata ? 'guardrails' THEN metadata END AS metadata
  FROM virtual_keys`;

/**
 * Reads all keys as they are at one moment.
 * @param take gets them batch by batch
 */
export async function readAllKeys(database: DataSource, take: (rows: readonly KeyRow[]) => void): Promise<void> {
  await database.transaction(async (manager) => {
    await manager.query(`DECLARE all_keys NO SCROLL CURSOR FOR ${SELECT}`);
    const fetch = (): Promise<KeyRow[]> => manager.query<KeyRow[]>(`FETCH ${BATCH} FROM all_keys`);
    let rows = await fetch();
    while (rows.length > 0) {
      // The database reads the next batch while this one is taken.
      const next = fetch();
      take(rows);
      rows = await next;
    }
  });
}

/** Those of the keys that are there. */
export function readKeys(database: DataSource, tokens: readonly string[]): Promise<KeyRow[]> {
  return database.query<KeyRow[]>(`${SELECT} WHERE token = ANY($1)`, [tokens]);
}

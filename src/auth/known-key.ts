import type { JsonObject } from '../common/json.js';
import type { VirtualKeyEntity } from './key.entity.js';
import { guardrailsIn } from './named-guardrails.js';
import type { GrantLevel } from './principal.js';
import { StoredLevel, type GrantColumns } from './stored-level.js';

/** What a door needs to know of a key. Replaced as a whole when anything about the key changes. */
export interface KnownKey {
  /** SHA-256 of the key in hex. */
  readonly token: string;
  readonly alias: string | null;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly organizationId: string | null;
  readonly agentId: string | null;
  readonly allowedRoutes: readonly string[];
  readonly guardrails: readonly string[];
  readonly toolSearch: boolean;
  readonly level: GrantLevel;
  readonly blocked: boolean;
  /** Milliseconds since the epoch; infinite when the key does not expire. */
  readonly expiresAt: number;
  readonly revision: number;
}

type ReadAsStored =
  | 'token'
  | 'key_id'
  | 'key_alias'
  | 'user_id'
  | 'team_id'
  | 'organization_id'
  | 'agent_id'
  | 'blocked'
  | 'mcp_tool_search'
  | 'revision';

/** What is read of a key to know it. Empty lists may be null. */
export interface KeyRow extends GrantColumns, Pick<VirtualKeyEntity, ReadAsStored | 'expires'> {
  readonly allowed_routes: readonly string[] | null;
  /** null: nothing in it matters. */
  readonly metadata: JsonObject | null;
}

const NONE: readonly string[] = Object.freeze([]);

/** What is known of a stored key. */
export function knownKeyOf(row: KeyRow): KnownKey {
  return Object.freeze<KnownKey>({
    token: row.token,
    alias: row.key_alias,
    userId: row.user_id,
    teamId: row.team_id,
    organizationId: row.organization_id,
    agentId: row.agent_id,
    allowedRoutes: row.allowed_routes ?? NONE,
    guardrails: guardrailsIn(row.metadata),
    toolSearch: row.mcp_tool_search,
    // Its id is that of the key and not of its secret, which can be exchanged.
    level: new StoredLevel('key', row.key_id, row),
    blocked: row.blocked,
    expiresAt: row.expires?.getTime() ?? Number.POSITIVE_INFINITY,
    revision: row.revision,
  });
}

/** Does the key open a door now? */
export function isUsable(key: KnownKey): boolean {
  return !key.blocked && Date.now() < key.expiresAt;
}

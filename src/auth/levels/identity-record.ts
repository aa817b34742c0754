import type { JsonObject } from '../../common/json.js';
import { stateOf } from '../../write-log/changed-fields.js';
import type { WrittenObject } from '../../write-log/written-object.js';
import type { IdentityKind, IdentityReference, IdentityRows } from './identity-kinds.js';

/** Columns that hold the name of a kind for people. */
const NAME_COLUMNS: Readonly<Record<IdentityKind, string>> = {
  team: 'team_alias',
  user: 'user_email',
  organization: 'organization_alias',
  customer: 'alias',
  agent: 'agent_name',
  access_group: 'access_group_name',
};

/** The state of a record now; later changes of the row do not reach it. Nothing in it is a secret. */
export function identityState(row: object): JsonObject {
  return stateOf(row);
}

/**
 * What a write did to one record.
 * @param before its state before; null: it is new
 */
export function writtenIdentity<K extends IdentityKind>(
  kind: K,
  verb: string,
  before: JsonObject | null,
  row: IdentityRows[K],
): WrittenObject {
  const after = identityState(row);
  return { type: kind, id: row.id, verb, name: nameIn(kind, after), before, after };
}

/** The deletion of one record, and what it changed besides. */
export function deletedIdentity<K extends IdentityKind>(
  kind: K,
  row: IdentityRows[K],
  also: readonly IdentityReference[],
): WrittenObject {
  const before = identityState(row);
  const others = also.map((other) => ({ type: other.kind, id: other.id }));
  return { type: kind, id: row.id, verb: 'delete', name: nameIn(kind, before), before, after: null, also: others };
}

function nameIn(kind: IdentityKind, state: JsonObject): string | null {
  const name = state[NAME_COLUMNS[kind]];
  return typeof name === 'string' ? name : null;
}

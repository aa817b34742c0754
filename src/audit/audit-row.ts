import type { Principal } from '../auth/principal.js';
import type { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditRecord } from './audit-record.js';

type Column = keyof AuditRecordEntity;
type Target = NonNullable<AuditRecord['target']>;

/** In JSON text: the escape of a NUL or of half a surrogate pair, behind an even number of backslashes. */
const UNSTORABLE = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

const ofPrincipal = new WeakMap<Principal, string>();
const ofTarget = new WeakMap<Target, string>();

/**
 * A record as the JSON of its row, without the columns that are null. Text is put together here instead of by one
 * `JSON.stringify`, because a third of it is the same for every call of a caller and of a tool, and all calls pay.
 */
export function auditRow(record: AuditRecord): string {
  const { principal, target } = record;
  return line(
    record,
    principal === null ? '' : remembered(ofPrincipal, principal, principalColumns),
    target === null ? '' : remembered(ofTarget, target, targetColumns),
  );
}

/** The text that {@link auditRow} made of the record that was stored as this row. */
export function rowText(row: AuditRecordEntity): string {
  const { principal_id, key_alias, customer_id, server_id, server_name, tool, tool_hash } = row;
  const own = {
    ...{ id: row.id, at: row.at, door: row.door, requestId: row.request_id, outcome: row.outcome, code: row.code },
    ...{ sourceAddress: row.source_address, path: row.path, publicName: row.public_name, sent: row.sent },
    ...{ argumentsHash: row.arguments_hash, resultHash: row.result_hash, cost: row.cost, guardrails: row.guardrails },
    method: row.method ?? undefined,
    policyVersion: row.policy_version === null ? null : Number(row.policy_version),
    durationMs: row.duration_ms,
  };
  return line(
    own,
    principal_id === null ? '' : principalColumns({ id: principal_id, keyAlias: key_alias, customerId: customer_id }),
    text('server_id', server_id) + text('server_name', server_name) + text('tool', tool) + text('tool_hash', tool_hash),
  );
}

/** What a record says itself, besides its caller and its target. */
type Own = Omit<
  { readonly [Key in Exclude<keyof AuditRecord, 'principal' | 'target'>]: Stored<AuditRecord[Key]> },
  'method'
> & { readonly method?: string | undefined };
/** As it is read back: of closed sets only that it is text. */
type Stored<Value> = Value extends string ? string : Value extends readonly unknown[] ? unknown : Value;

function line(record: Own, principal: string, target: string): string {
  return (
    `{"id":"${record.id}","at":"${record.at.toISOString()}","duration_ms":${record.durationMs}` +
    text('door', record.door) +
    text('method', record.method ?? null) +
    text('request_id', record.requestId) +
    text('source_address', record.sourceAddress) +
    text('path', record.path) +
    text('public_name', record.publicName) +
    text('outcome', record.outcome) +
    text('code', record.code) +
    text('sent', record.sent) +
    text('arguments_hash', record.argumentsHash) +
    text('result_hash', record.resultHash) +
    (record.cost === null ? '' : `,"cost":${record.cost}`) +
    (record.policyVersion === null ? '' : `,"policy_version":${record.policyVersion}`) +
    principal +
    target +
    `,"guardrails":${storable(record.guardrails)}}`
  );
}

function principalColumns({ id, keyAlias, customerId }: Pick<Principal, 'id' | 'keyAlias' | 'customerId'>): string {
  return text('principal_id', id) + text('key_alias', keyAlias) + text('customer_id', customerId);
}

function targetColumns({ serverId, serverName, tool, toolHash }: Target): string {
  return (
    text('server_id', serverId) + text('server_name', serverName) + text('tool', tool) + text('tool_hash', toolHash)
  );
}

function text(column: Column, value: string | null): string {
  return value === null ? '' : `,"${column}":${storable(value)}`;
}

/**
 * JSON that PostgreSQL takes. It knows neither NUL nor halves of surrogate pairs, and callers can put both into names:
 * one such record would keep its whole batch, and all that follow, from being written.
 */
export function storable(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u') ? json.replaceAll(UNSTORABLE, '$1\uFFFD') : json;
}

function remembered<Key extends object>(known: WeakMap<Key, string>, key: Key, make: (key: Key) => string): string {
  let columns = known.get(key);
  if (columns === undefined) {
    columns = make(key);
    known.set(key, columns);
  }
  return columns;
}

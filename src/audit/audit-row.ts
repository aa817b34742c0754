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
  const { principal, target, guardrails } = record;
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
    (principal === null ? '' : remembered(ofPrincipal, principal, principalColumns)) +
    (target === null ? '' : remembered(ofTarget, target, targetColumns)) +
    `,"guardrails":${guardrails.length === 0 ? '[]' : storable(guardrails)}}`
  );
}

function principalColumns({ id, keyAlias, customerId }: Principal): string {
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
function storable(value: unknown): string {
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

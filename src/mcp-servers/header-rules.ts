import type { FieldFault } from '../common/gatehouse-error.js';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const VALUE = /^[\t\x20-\x7e]*$/;
const VARIABLE = /\$\{[^}]*\}/;

/** Belong to the connection or to the protocol, which the gateway itself speaks with the upstream. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'],
  ...['accept', 'accept-encoding', 'last-event-id', 'x-request-id'],
]);
/** Would carry what is only for the gateway, or what only the gateway may say. */
const NOT_FORWARDED: ReadonlySet<string> = new Set(['cookie', 'forwarded', 'x-gatehouse-api-key', 'x-litellm-api-key']);

/** Faults of headers that are sent with every request to the upstream. */
export function staticHeaderFaults(headers: Readonly<Record<string, string>>): FieldFault[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const path = `static_headers.${name}`;
    const lower = name.toLowerCase();
    if (seen.has(lower)) return [{ path, message: 'is there twice, in another case; send it once' }];
    seen.add(lower);
    const message = nameFault(lower) ?? valueFault(value);
    return message === null ? [] : [{ path, message }];
  });
}

/** Faults of the names of caller headers that are forwarded. */
export function extraHeaderFaults(names: readonly string[]): FieldFault[] {
  return names.flatMap((name, index) => {
    const lower = name.toLowerCase();
    const message = nameFault(lower) ?? (isNeverForwarded(lower) ? 'is never forwarded; remove it' : null);
    return message === null ? [] : [{ path: `extra_headers.${index}`, message }];
  });
}

/** Fault of text that becomes part of a header; null: none. */
export function valueFault(value: string): string | null {
  if (!VALUE.test(value)) return 'must be printable ASCII characters, spaces and tabs';
  if (VARIABLE.test(value))
    return 'holds a ${VARIABLE}, which this version would send as it is; write the value itself';
  return value === '***' ? 'is the masked form; send the value itself' : null;
}

function nameFault(lower: string): string | null {
  if (!TOKEN.test(lower)) return 'is not the name of a header';
  if (RESERVED.has(lower) || lower.startsWith('mcp-')) return 'is set by the gateway itself; remove it';
  return null;
}

function isNeverForwarded(lower: string): boolean {
  return NOT_FORWARDED.has(lower) || lower.startsWith('x-forwarded-') || lower.startsWith('x-mcp-');
}

import { FORWARDED_HEADER } from '../common/forwarded-header.js';
import type { FieldFault } from '../common/gatehouse-error.js';
import { ENV_SCOPES, referencesIn, type EnvVariable } from './env-variables.js';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const VALUE = /^[\t\x20-\x7e]*$/;
const VARIABLE = /\$\{[^}]*\}/;
const REFERENCE = /\$\{[A-Za-z_][A-Za-z0-9_]*\}/g;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Belong to the connection or to the protocol, which the gateway itself speaks with the upstream. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'],
  ...['accept', 'accept-encoding', 'last-event-id', 'x-request-id'],
]);
/** Would carry what is only for the gateway, or what only the gateway may say. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  ...['cookie', 'forwarded', 'x-gatehouse-api-key', 'x-litellm-api-key', FORWARDED_HEADER],
]);

/** Faults of headers that are sent with every request to the upstream. They may use the variables as `${NAME}`. */
export function staticHeaderFaults(
  headers: Readonly<Record<string, string>>,
  variables: readonly EnvVariable[] = [],
): FieldFault[] {
  const declared = new Set(variables.map(({ name }) => name));
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const path = `static_headers.${name}`;
    const lower = name.toLowerCase();
    if (seen.has(lower)) return [{ path, message: 'is there twice, in another case; send it once' }];
    seen.add(lower);
    const message = nameFault(lower) ?? valueFault(withoutDeclared(value, declared));
    return message === null ? [] : [{ path, message }];
  });
}

/** Faults of the variables of static headers. */
export function envVariableFaults(variables: readonly EnvVariable[]): FieldFault[] {
  const seen = new Set<string>();
  return variables.flatMap(({ name, value, scope }, index) => {
    const path = `env_vars.${index}`;
    if (!VARIABLE_NAME.test(name)) {
      return [{ path: `${path}.name`, message: 'must be letters, digits and "_", not beginning with a digit' }];
    }
    if (seen.has(name)) return [{ path: `${path}.name`, message: 'is there twice; declare it once' }];
    seen.add(name);
    const message =
      scope === 'user' && value !== ''
        ? `must be empty with scope "${ENV_SCOPES[1]}": each user stores one`
        : valueFault(value);
    return message === null ? [] : [{ path: `${path}.value`, message }];
  });
}

function withoutDeclared(value: string, declared: ReadonlySet<string>): string {
  const names = new Set(referencesIn(value));
  return names.size > 0 && [...names].every((name) => declared.has(name)) ? value.replaceAll(REFERENCE, '') : value;
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
    return 'holds a ${VARIABLE} that env_vars does not declare; declare it there, or write the value itself';
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

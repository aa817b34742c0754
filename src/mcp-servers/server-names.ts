import { SPECIAL_SERVER_VALUES } from '../auth/object-permission.js';
import { fold } from '../common/fold.js';
import type { FieldFault } from '../common/gatehouse-error.js';

const MAX_LENGTH = 64;
/** What SEP-986 allows in tool names, which begin with these names. */
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const NAME_WITH_SPACES = /^[A-Za-z0-9_.-]([A-Za-z0-9_. -]{0,62}[A-Za-z0-9_.-])?$/;
const DISPLAY_NAME = /^[a-zA-Z0-9_-]{1,128}$/;

/** First path segments of the gateway's own routes: `/{server}/mcp` must not shadow or be shadowed by them. */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set([
  ...['mcp', 'mcp-rest', 'v1', 'toolset', 'key', 'team', 'user', 'customer', 'organization', 'agent', 'access_group'],
  ...['sse', 'messages', 'docs', 'health', 'metrics', 'audit', 'admin', 'public', 'oauth', 'callback', 'authorize'],
  ...['token', 'register', '.well-known'],
]);

/** The names that lead to a server. */
export interface ServerNames {
  readonly server_id: string;
  readonly server_name: string | null;
  readonly alias: string | null;
}

type NameField = keyof ServerNames;

/**
 * Faults of the names themselves.
 * @param separator stands between prefix and tool in public names, so no prefix may hold it
 */
export function nameFaults(names: ServerNames, separator: string): FieldFault[] {
  return [
    ...faultsOf('server_id', names.server_id, NAME, ''),
    ...faultsOf('server_name', names.server_name, NAME_WITH_SPACES, separator),
    ...faultsOf('alias', names.alias, NAME, separator),
  ];
}

/** Names that tools are to go by instead of `{prefix}{separator}{tool}`. */
export function displayNameFaults(displayNames: Readonly<Record<string, string>>): FieldFault[] {
  const seen = new Set<string>();
  return Object.entries(displayNames).flatMap(([tool, name]) => {
    const path = `tool_name_to_display_name.${tool}`;
    if (!DISPLAY_NAME.test(name)) return [{ path, message: 'must be 1 to 128 letters, digits, "_" or "-"' }];
    if (seen.has(name)) return [{ path, message: 'is the name of another tool of this server; use another one' }];
    seen.add(name);
    return [];
  });
}

/** The first name that is, once case and punctuation are set aside, also a name of another server; null: none. */
export function conflictingName(names: ServerNames, others: readonly ServerNames[]): NameField | null {
  const taken = new Set(others.flatMap((other) => namesOf(other).map(([, name]) => normalizeName(name))));
  return namesOf(names).find(([, name]) => taken.has(normalizeName(name)))?.[0] ?? null;
}

/** How names are compared for uniqueness: clients write them into headers, paths and variables in many spellings. */
export function normalizeName(name: string): string {
  const folded = fold(name);
  const plain = folded.replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_|_$/g, '');
  return plain === '' ? folded : plain;
}

function namesOf(names: ServerNames): (readonly [NameField, string])[] {
  const all = [
    ['server_id', names.server_id],
    ['server_name', names.server_name],
    ['alias', names.alias],
  ] as const;
  return all.flatMap(([field, name]) => (name === null ? [] : [[field, name] as const]));
}

function faultsOf(field: NameField, name: string | null, form: RegExp, separator: string): FieldFault[] {
  if (name === null) return [];
  const message = nameFault(name, form, separator);
  return message === null ? [] : [{ path: field, message }];
}

function nameFault(name: string, form: RegExp, separator: string): string | null {
  if (!form.test(name) || !/[A-Za-z0-9]/.test(name)) {
    return `must be 1 to ${MAX_LENGTH} letters, digits, "_", "." or "-", with at least one letter or digit`;
  }
  if (separator !== '' && touchesSeparator(name, separator)) {
    return `must not contain, or begin or end with, "${separator}", which separates server and tool in tool names`;
  }
  const segment = fold(name.replaceAll(' ', '_'));
  if (RESERVED_SEGMENTS.has(segment)) return 'is reserved for a route of the gateway; use another name';
  if (SPECIAL_SERVER_VALUES.includes(segment)) return 'is reserved for grants; use another name';
  return null;
}

/** A name that ends with a part of the separator would move the border. */
function touchesSeparator(name: string, separator: string): boolean {
  const edges = new Set(separator);
  return name.includes(separator) || edges.has(name.charAt(0)) || edges.has(name.charAt(name.length - 1));
}

import type { PathScope } from './access-request.js';

const AGGREGATE_DOORS: ReadonlySet<string> = new Set(['/mcp', '/sse', '/messages']);
const LIST_DOOR = /^\/mcp\/([^/]+)$/;
const TOOLSET_DOOR = /^\/toolset\/([^/]+)\/mcp$/;
const SERVER_DOOR = /^\/([^/]+)\/mcp$/;

/**
 * What the path of an MCP door (without query) asks for; null: it has not the form of one. A trailing slash does not
 * count. Segments are told apart before they are decoded, and decoded once; a malformed escape is not a door.
 */
export function scopeOfPath(path: string): PathScope | null {
  const door = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (AGGREGATE_DOORS.has(door)) return { kind: 'all' };
  const list = segmentOf(LIST_DOOR, door);
  if (list !== null) return { kind: 'list', references: referencesIn(list) };
  const name = segmentOf(TOOLSET_DOOR, door);
  if (name !== null) return { kind: 'toolset', name };
  const reference = segmentOf(SERVER_DOOR, door);
  return reference === null ? null : { kind: 'server', reference };
}

/** Splits a list of servers and groups as it is written in paths and in `x-mcp-servers`. Blanks do not count. */
export function referencesIn(text: string): string[] {
  return text
    .split(',')
    .map((reference) => reference.trim())
    .filter((reference) => reference !== '');
}

function segmentOf(door: RegExp, path: string): string | null {
  const segment = door.exec(path)?.[1];
  if (segment === undefined) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not UTF-8: no name can be written like this.
    return null;
  }
}

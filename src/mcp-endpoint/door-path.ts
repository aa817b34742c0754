import { RESERVED_SEGMENTS } from '../mcp-servers/server-names.js';
import type { PathScope } from '../permissions/access-request.js';
import { scopeOfPath } from '../permissions/path-scope.js';

/** Where a request came in. */
export interface DoorPath {
  /** Path without query; `/mcp/` is `/mcp`. */
  readonly route: string;
  readonly scope: PathScope;
  /** Raw query without `?`; besides `mode` it has no meaning here, it is only searched for credentials. */
  readonly query: string;
  /** `mode` of the query; null: not asked for. */
  readonly mode: string | null;
  /** Which of the two doors of HTTP+SSE this is; null: neither. */
  readonly sse: 'stream' | 'messages' | null;
}

/** `/mcp/{a,b}`, `/{server}/mcp` or `/toolset/{name}/mcp`, nothing before, between or after. */
const SCOPED_DOOR = /^\/(?:mcp\/[^/]+|(?:toolset\/)?[^/]+\/mcp)$/;
const AGGREGATE: DoorPath = { route: '/mcp', scope: { kind: 'all' }, query: '', mode: null, sse: null };
const SSE_DOORS: ReadonlyMap<string, NonNullable<DoorPath['sse']>> = new Map([
  ['/sse', 'stream'],
  ['/messages', 'messages'],
]);

/**
 * The MCP door that a request target names, or null when it names none. Segments are told apart before they are
 * decoded, so an encoded slash is a character of a name and never a separator.
 */
export function matchDoor(target: string): DoorPath | null {
  if (target === '/mcp') return AGGREGATE;
  const mark = target.indexOf('?');
  const route = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  const mode = query === '' ? null : new URLSearchParams(query).get('mode');
  if (route === '/mcp' || route === '/mcp/') return { ...AGGREGATE, query, mode };
  const sse = SSE_DOORS.get(route);
  if (sse !== undefined) return { ...AGGREGATE, route, query, mode, sse };
  if (!SCOPED_DOOR.test(route)) return null;
  const scope = scopeOfPath(route);
  if (scope?.kind === 'server' && RESERVED_SEGMENTS.has(scope.reference.toLowerCase())) return null;
  return scope === null ? null : { route, scope, query, mode, sse: null };
}

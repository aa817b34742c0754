/** A route group: whole paths, path prefixes that end in `*`, and one-server doors. */
interface RouteGroup {
  readonly patterns: readonly RegExp[];
  /** Patterns that hold for reads only. */
  readonly readPatterns: readonly RegExp[];
}

const ENTITIES = 'key|team|user|customer|organization|agent|access_group';

/** Names that `allowed_routes` may use instead of paths. */
const GROUPS: Readonly<Record<string, RouteGroup>> = {
  mcp_routes: {
    patterns: [
      /^\/mcp(\/[^/]+)?$/,
      /^\/(?!v1\/|mcp-rest\/)[^/]+\/mcp$/,
      /^\/toolset\/[^/]+\/mcp$/,
      /^\/(sse|messages)$/,
      /^\/mcp-rest\/.+$/,
    ],
    readPatterns: [/^\/v1\/mcp\/.+$/],
  },
  llm_api_routes: {
    patterns: [/^(\/v1)?\/chat\/completions$/, /^(\/v1)?\/responses$/, /^(\/v1)?\/models$/],
    readPatterns: [],
  },
  info_routes: {
    patterns: [],
    readPatterns: [new RegExp(`^/(${ENTITIES})/(info|list)$`), /^\/health(\/.+)?$/, /^(\/v1)?\/models$/],
  },
  management_routes: {
    patterns: [new RegExp(`^/(${ENTITIES})/.+$`), /^\/v1\/mcp\/.+$/],
    readPatterns: [],
  },
};

/** The groups, for messages and the API document. */
export const ROUTE_GROUPS: readonly string[] = Object.keys(GROUPS);

/** Segments that a router and this check could read differently. */
const AMBIGUOUS = /\/\/|\\|%2f|%5c|%2e|\/\.{1,2}(\/|$)/i;

/**
 * Is a request covered by the `allowed_routes` of a key? An entry is a path, a path prefix that ends in `*`, or a
 * group. An empty list covers everything.
 * @param path the path as routed, without the query
 * @param method groups cover some management paths for reads only
 */
export function coversRoute(allowedRoutes: readonly string[], path: string, method = 'POST'): boolean {
  if (allowedRoutes.length === 0) return true;
  if (AMBIGUOUS.test(path)) return false;
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return allowedRoutes.some((entry) => covers(entry, trimmed, method));
}

/**
 * The entries of a list that cover more than another list does. An empty list covers everything, so it is within
 * nothing but another empty one.
 * @returns the entries that go too far, `*` standing for an empty list
 */
export function routesBeyond(entries: readonly string[], own: readonly string[]): readonly string[] {
  if (own.length === 0) return [];
  if (entries.length === 0) return ['*'];
  return entries.filter((entry) => !own.some((bound) => isEntryWithin(entry, bound)));
}

/**
 * What two lists have in common. An empty list covers everything.
 * @returns null when they have nothing in common, as far as entries can be compared
 */
export function routesWithin(own: readonly string[], bounds: readonly string[]): readonly string[] | null {
  if (bounds.length === 0) return own;
  if (own.length === 0) return bounds;
  const within = (entries: readonly string[], others: readonly string[]) =>
    entries.filter((entry) => others.some((other) => isEntryWithin(entry, other)));
  const common = new Set([...within(own, bounds), ...within(bounds, own)]);
  return common.size === 0 ? null : [...common];
}

/** Can an entry of `allowed_routes` ever cover a route? */
export function isRouteEntry(entry: string): boolean {
  return Object.hasOwn(GROUPS, entry) || /^(\/[^\s*?#]*\*?|\*)$/.test(entry);
}

function isEntryWithin(entry: string, bound: string): boolean {
  if (entry === bound) return true;
  if (Object.hasOwn(GROUPS, entry)) return bound === '*' || bound === '/*';
  if (!entry.endsWith('*')) return coversRoute([bound], entry);
  return bound.endsWith('*') && entry.startsWith(bound.slice(0, -1));
}

function covers(entry: string, path: string, method: string): boolean {
  if (Object.hasOwn(GROUPS, entry)) return coveredByGroup(GROUPS[entry], path, method);
  if (entry.endsWith('*')) return path.startsWith(entry.slice(0, -1));
  return entry === path;
}

function coveredByGroup(group: RouteGroup, path: string, method: string): boolean {
  if (group.patterns.some((pattern) => pattern.test(path))) return true;
  return (method === 'GET' || method === 'HEAD') && group.readPatterns.some((pattern) => pattern.test(path));
}

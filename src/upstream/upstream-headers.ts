import { ownRequestHeaders } from '../credentials/own-request-headers.js';
import type { HeaderMap, UpstreamCredential } from '../credentials/upstream-credential.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { GATEWAY_INFO } from './protocol.js';

export type { HeaderMap };

/**
 * Names that only the HTTP leg itself may set: framing, hop-by-hop, content negotiation. Underscores count as dashes,
 * because some servers fold them.
 */
const OWNED_BY_THE_LEG = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const OWNED_PREFIX = /^(mcp-|x-gatehouse-|x-litellm-(?!mcp-debug$))/;
/** Besides those: what would let a caller choose whom the gateway acts as, or where a request seems to come from. */
const REFUSED_FROM_CALLERS = /^(authorization$|cookie$|forwarded$|x-forwarded-|x-real-ip$)/;

/** What every POST of a JSON-RPC message carries, flat: name, value, name, value. */
export const JSON_RPC_HEADERS: readonly string[] = [
  'content-type',
  'application/json',
  'accept',
  'application/json, text/event-stream',
];
const DEFAULT_HEADERS: HeaderMap = { 'user-agent': `gatehouse/${String(GATEWAY_INFO['version'])}` };

const baseByCredential = new WeakMap<UpstreamCredential, HeaderMap>();

/**
 * Headers of requests that the gateway sends for itself: the credential, static headers, and what a guardrail adds
 * where these hold nothing.
 */
export function ownHeaders(server: McpServer, credential: UpstreamCredential): HeaderMap {
  const own = ownRequestHeaders(server);
  return own === null ? baseHeaders(credential) : { ...own, ...baseHeaders(credential) };
}

/** A credential, then the static headers that go with it. Made once per credential object. */
function baseHeaders(credential: UpstreamCredential): HeaderMap {
  const known = baseByCredential.get(credential);
  if (known !== undefined) return known;
  const headers: Record<string, string> = { ...DEFAULT_HEADERS, ...credential.headers };
  assign(headers, credential.staticHeaders);
  baseByCredential.set(credential, headers);
  return headers;
}

/**
 * Headers of one call, from low to high: credential, forwarded caller headers, trace context, static headers, hook
 * headers. Without forwarded, trace and hook headers it is the same object for every call with a credential, so that callers can cache
 * by it.
 */
export function callHeaders(
  server: McpServer,
  credential: UpstreamCredential,
  caller: HeaderMap,
  hooks: HeaderMap | null,
  trace: HeaderMap | null = null,
): HeaderMap {
  const base = baseHeaders(credential);
  const forwarded = forwardedHeaders(server, caller);
  if (forwarded === null && hooks === null && trace === null) return base;
  const headers: Record<string, string> = { ...DEFAULT_HEADERS, ...credential.headers, ...forwarded, ...trace };
  assign(headers, credential.staticHeaders);
  if (hooks !== null) assign(headers, hooks);
  return headers;
}

/** The caller's headers that the server names in `extra_headers`; null when there are none. */
export function forwardedHeaders(server: McpServer, caller: HeaderMap): HeaderMap | null {
  if (server.extraHeaders.length === 0) return null;
  const hopByHop = connectionTokens(caller['connection']);
  let forwarded: Record<string, string> | null = null;
  for (const name of server.extraHeaders) {
    const value = Object.hasOwn(caller, name) ? caller[name] : undefined;
    if (value === undefined || hopByHop.has(name) || isOwned(name) || REFUSED_FROM_CALLERS.test(dashed(name))) continue;
    forwarded ??= {};
    forwarded[name] = value;
  }
  return forwarded;
}

/** As undici takes them: name, value, name, value. */
export function flatten(headers: HeaderMap): string[] {
  return Object.entries(headers).flat();
}

function assign(target: Record<string, string>, source: HeaderMap): void {
  for (const [name, value] of Object.entries(source)) {
    const lower = name.toLowerCase();
    if (!isOwned(lower)) target[lower] = value;
  }
}

function isOwned(name: string): boolean {
  const plain = dashed(name);
  return OWNED_BY_THE_LEG.has(plain) || OWNED_PREFIX.test(plain);
}

function dashed(name: string): string {
  return name.replaceAll('_', '-');
}

/** Headers that the caller's own hop nominated as hop-by-hop. */
function connectionTokens(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').split(',').map((token) => token.trim().toLowerCase()));
}

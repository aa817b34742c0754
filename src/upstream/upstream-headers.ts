import { GatehouseError } from '../common/gatehouse-error.js';
import { credentialHeaders } from '../credentials/credential-headers.js';
import { ownRequestHeaders } from '../credentials/own-request-headers.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { GATEWAY_INFO } from './protocol.js';

/** Header names in lower case. */
export type HeaderMap = Readonly<Record<string, string>>;

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

const baseByServer = new WeakMap<McpServer, HeaderMap>();

/**
 * Headers of requests that the gateway sends for itself: the credential of the server, its static headers, and what a
 * guardrail adds where these hold nothing.
 */
export function serverHeaders(server: McpServer): HeaderMap {
  const own = ownRequestHeaders(server);
  return own === null ? baseHeaders(server) : { ...own, ...baseHeaders(server) };
}

/** The credential of a server, then its static headers. Made once per server object. */
function baseHeaders(server: McpServer): HeaderMap {
  const known = baseByServer.get(server);
  if (known !== undefined) return known;
  if (server.userSecrets !== undefined && server.userSecrets.length > 0) throw userSecretMissing(server);
  const headers: Record<string, string> = { ...DEFAULT_HEADERS, ...credentialHeaders(server) };
  assign(headers, server.staticHeaders.reveal());
  baseByServer.set(server, headers);
  return headers;
}

/** Such a server is not contacted without what each user stores for it. */
function userSecretMissing({ prefix }: McpServer): GatehouseError {
  return new GatehouseError('user_credential_missing', `The server ${prefix} needs a credential of the user.`, {
    sent: 'no',
  });
}

/**
 * Headers of one call, from low to high: credential, forwarded caller headers, trace context, static headers, hook
 * headers. Without forwarded, trace and hook headers it is the same object for every call of a server, so that callers can cache by it.
 */
export function callHeaders(
  server: McpServer,
  caller: HeaderMap,
  hooks: HeaderMap | null,
  trace: HeaderMap | null = null,
): HeaderMap {
  const base = baseHeaders(server);
  const forwarded = forwardedHeaders(server, caller);
  if (forwarded === null && hooks === null && trace === null) return base;
  const headers: Record<string, string> = { ...DEFAULT_HEADERS, ...credentialHeaders(server), ...forwarded, ...trace };
  assign(headers, server.staticHeaders.reveal());
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

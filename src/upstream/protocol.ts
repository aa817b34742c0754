import type { JsonObject } from '../common/json.js';
import type { ClientChannel } from './upstream.types.js';

/** The stateless revision. */
export const STATELESS_VERSION = '2026-07-28';
/** Session revisions that this gateway speaks, best first. */
export const SESSION_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26'];
/** How the gateway names itself to upstreams. For display only. */
export const GATEWAY_INFO: JsonObject = { name: 'gatehouse', version: '0.1.0' };

export const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
export const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel';

/** Errors by which a server of the stateless revision gives itself away. */
export const HEADER_MISMATCH = -32020;
export const MISSING_CAPABILITY = -32021;
export const UNSUPPORTED_VERSION = -32022;
export const METHOD_NOT_FOUND = -32601;
export const INTERNAL_ERROR = -32603;

/** Asks the client can be asked by an upstream. */
export const CLIENT_METHODS: ReadonlySet<string> = new Set([
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
]);

/** Everything that the gateway can carry: what the catalogue declares, so that no conditional tool stays unseen. */
export const ALL_CLIENT_CAPABILITIES: JsonObject = { sampling: {}, elicitation: {}, roots: {} };

/** What of the client a request tells the upstream. */
export type ClientView = Pick<ClientChannel, 'capabilities' | 'meta' | 'logLevel' | 'wantsProgress'>;

/** The gateway itself as the client, for listings. */
export const GATEWAY_CLIENT: ClientView = {
  capabilities: ALL_CLIENT_CAPABILITIES,
  meta: {},
  logLevel: null,
  wantsProgress: false,
};

/** `_meta` of one request of the stateless revision. `id` doubles as the progress token: both are ours and unique. */
export function statelessMeta(client: ClientView, id: number): JsonObject {
  const meta: JsonObject = {
    ...client.meta,
    [PROTOCOL_VERSION_KEY]: STATELESS_VERSION,
    [CLIENT_CAPABILITIES_KEY]: client.capabilities,
    [CLIENT_INFO_KEY]: GATEWAY_INFO,
  };
  if (client.logLevel !== null) meta[LOG_LEVEL_KEY] = client.logLevel;
  if (client.wantsProgress) meta['progressToken'] = id;
  return meta;
}

/** `_meta` of one request of a session; undefined when there is nothing to say. */
export function sessionMeta(client: ClientView, id: number): JsonObject | undefined {
  if (client.wantsProgress) return { ...client.meta, progressToken: id };
  return Object.keys(client.meta).length === 0 ? undefined : client.meta;
}

/** Parameters of `initialize`. */
export function initializeParams(capabilities: JsonObject): JsonObject {
  return { protocolVersion: SESSION_VERSIONS[0] ?? '', capabilities, clientInfo: GATEWAY_INFO };
}

import { isJsonObject, type JsonObject } from '../../common/json.js';
import { foreignMeta, invalidParams, progressTokenOf } from '../call-params.js';
import type { RpcId, RpcMessage, RpcRequest } from '../json-rpc.js';
import { isLogLevel } from '../log-levels.js';
import { isStatelessEra } from '../protocol-versions.js';

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const LOG_LEVEL_KEY = 'io.modelcontextprotocol/logLevel';

/** What a 2026 request says about itself in `params._meta`. */
export interface Envelope {
  readonly version: string;
  readonly capabilities: JsonObject;
  readonly progressToken: RpcId | undefined;
  readonly logLevel: string | null;
  /** Members that are neither the protocol's nor the gateway's. */
  readonly foreign: JsonObject;
}

/**
 * Does a message speak the revision without sessions? It does when it carries the envelope of that revision or when
 * the header names it; also when it does so wrongly, because only that revision can answer it then.
 */
export function isStateless(message: RpcMessage, versionHeader: string | undefined): boolean {
  if (isStatelessEra(versionHeader)) return true;
  if (message.kind === 'response') return false;
  const meta = message.params?.['_meta'];
  return isJsonObject(meta) && Object.hasOwn(meta, VERSION_KEY);
}

/** @throws RefusedRequest 400 with `-32602` when a required member is missing or one has a wrong type */
export function readEnvelope({ params, id }: RpcRequest): Envelope {
  const meta = params?.['_meta'];
  if (!isJsonObject(meta)) throw invalidParams(400, '_meta is required', id);
  const version = meta[VERSION_KEY];
  const capabilities = meta[CAPABILITIES_KEY];
  const clientInfo = meta[CLIENT_INFO_KEY];
  const logLevel = meta[LOG_LEVEL_KEY];
  if (typeof version !== 'string') throw invalidParams(400, `_meta["${VERSION_KEY}"] must be a string`, id);
  if (!isJsonObject(capabilities)) throw invalidParams(400, `_meta["${CAPABILITIES_KEY}"] must be an object`, id);
  if (clientInfo !== undefined && !isJsonObject(clientInfo)) {
    throw invalidParams(400, `_meta["${CLIENT_INFO_KEY}"] must be an object`, id);
  }
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    throw invalidParams(400, `_meta["${LOG_LEVEL_KEY}"] is not a log level`, id);
  }
  const progressToken = progressTokenOf(meta);
  if (meta.progressToken !== undefined && progressToken === undefined) {
    throw invalidParams(400, '_meta.progressToken must be a string or a number', id);
  }
  return { version, capabilities, progressToken, logLevel: logLevel ?? null, foreign: foreignMeta(meta) };
}

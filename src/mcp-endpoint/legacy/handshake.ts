import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { GrantedAccess } from '../../permissions/access-decision.js';
import { invalidParams } from '../call-params.js';
import { instructionsFor } from '../instructions.js';
import type { RpcRequest } from '../json-rpc.js';
import { SESSION_VERSIONS } from '../protocol-versions.js';
import { SERVER_INFO } from '../server-info.js';

const NO_CAPABILITIES: JsonObject = Object.freeze({});

/** What a client says in `initialize`. */
export interface Hello {
  /** The revision that both sides speak from now on. */
  readonly version: string;
  readonly capabilities: JsonObject;
}

/** What clients of HTTP+SSE may speak besides. */
const OLDEST_VERSION = '2024-11-05';

/** @throws RefusedRequest 400 with `-32602` */
export function readHello({ params, id }: RpcRequest, mayBeOldest = false): Hello {
  const asked = params?.protocolVersion;
  const capabilities = params?.capabilities ?? NO_CAPABILITIES;
  if (typeof asked !== 'string') throw invalidParams(400, 'protocolVersion must be a string', id);
  if (!isJsonObject(capabilities)) throw invalidParams(400, 'capabilities must be an object', id);
  if (mayBeOldest && asked === OLDEST_VERSION) return { version: OLDEST_VERSION, capabilities };
  return { version: SESSION_VERSIONS.find((version) => version === asked) ?? SESSION_VERSIONS[0], capabilities };
}

/** The result of `initialize`. @param capabilities what the door serves */
export function helloResult({ version }: Hello, access: GrantedAccess, capabilities: JsonObject): JsonObject {
  const instructions = instructionsFor(access);
  return {
    protocolVersion: version,
    capabilities,
    serverInfo: SERVER_INFO,
    ...(instructions === undefined ? {} : { instructions }),
  };
}

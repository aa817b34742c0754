import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import { isJsonObject, type JsonValue } from '../../common/json.js';
import {
  HEADER_MISMATCH,
  METHOD_NOT_FOUND,
  MISSING_CAPABILITY,
  STATELESS_VERSION,
  UNSUPPORTED_VERSION,
} from '../protocol.js';
import { protocolError, unavailable } from '../upstream-errors.js';
import type { RpcError } from '../upstream.types.js';
import { refuseStatus } from './http-answer.js';
import type { Era, HttpUpstream } from './http-upstream.js';
import { mediaTypeOf, type RpcAnswer } from './rpc-exchange.js';
import type { StatelessLeg } from './stateless-leg.js';

/** Finds out which era an upstream speaks, once for all calls with the same credential that wait for it. */
export class EraProber {
  constructor(private readonly stateless: StatelessLeg) {}

  /**
   * Asks with `server/discover` and remembers the verdict.
   * @throws GatehouseError when the answer is no evidence: 401, 403, 429, 5xx, a redirect, a timeout, no connection.
   */
  probe(upstream: HttpUpstream, credential: UpstreamCredential): Promise<Era> {
    const { identity } = credential;
    const running = upstream.probes.get(identity);
    if (running !== undefined) return running;
    const probe = this.#probe(upstream, credential).finally(() => upstream.probes.delete(identity));
    upstream.probes.set(identity, probe);
    return probe;
  }

  async #probe(upstream: HttpUpstream, credential: UpstreamCredential): Promise<Era> {
    const era = readVerdict(await this.stateless.ask(upstream, 'server/discover', {}, { credential, signal: null }));
    upstream.rememberEra(era);
    return era;
  }
}

function readVerdict(answer: RpcAnswer): Era {
  refuseStatus(answer, 'no');
  const { status, reply } = answer;
  if (status === 408 || status >= 500) throw unavailable('no', `HTTP status ${status} for server/discover`);
  if (reply?.kind === 'result') return offersStateless(reply.result['supportedVersions']) ? '2026' : '2025';
  if (reply?.kind === 'error') return isStatelessError(status, reply.error) ? '2026' : '2025';
  if (status >= 400) return '2025';
  throw protocolError('no', `HTTP status ${status} with ${mediaTypeOf(answer.headers)} content for server/discover`);
}

/** A server of another stateless revision may still speak one with sessions. */
function isStatelessError(status: number, error: RpcError): boolean {
  if (error.code === HEADER_MISMATCH || error.code === MISSING_CAPABILITY) return true;
  if (error.code === UNSUPPORTED_VERSION) {
    const supported = isJsonObject(error.data) ? error.data['supported'] : undefined;
    return supported === undefined || offersStateless(supported);
  }
  return status === 404 && error.code === METHOD_NOT_FOUND;
}

function offersStateless(versions: JsonValue | undefined): boolean {
  return Array.isArray(versions) && versions.includes(STATELESS_VERSION);
}

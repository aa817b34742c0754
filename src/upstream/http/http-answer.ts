import type { Sent } from '../../common/gatehouse-error.js';
import { authRequired, protocolError, unavailable, unavailableFor } from '../upstream-errors.js';
import type { UpstreamReply } from '../upstream.types.js';
import { mediaTypeOf, type RpcAnswer } from './rpc-exchange.js';

const DEFAULT_RETRY_SECONDS = 5;

/**
 * The reply that an HTTP answer holds.
 * @throws GatehouseError when the status says that there is none: `upstream_auth_required` for 401 and 403,
 *   `upstream_unavailable` for 429, 5xx and a stream that broke off, else `upstream_protocol_error`.
 */
export function replyOf(answer: RpcAnswer, sent: Sent): UpstreamReply {
  const { status, reply } = answer;
  if (status === 200 && reply !== null) return reply;
  refuseStatus(answer, sent);
  if (reply?.kind === 'error') return reply;
  if (status === 408 || status >= 500) throw unavailable(sent, `HTTP status ${status}`);
  if (answer.streamed) throw unavailable(sent, 'the event stream ended without a reply');
  throw protocolError(sent, `HTTP status ${status} with ${mediaTypeOf(answer.headers) || 'no'} content and no reply`);
}

/** Throws for statuses whose body does not matter. */
export function refuseStatus({ status, headers }: RpcAnswer, sent: Sent): void {
  if (status === 401 || status === 403) throw authRequired(sent, status, challengeOf(headers));
  if (status >= 300 && status < 400) throw protocolError(sent, `HTTP status ${status}: redirects are not followed`);
  if (status === 429) throw unavailableFor(retryAfter(headers['retry-after']), sent, 'HTTP status 429');
}

/** The header as it came; one that comes twice is read as one. */
function challengeOf({ 'www-authenticate': challenge }: RpcAnswer['headers']): string | null {
  return challenge ?? null;
}

function retryAfter(header: string | undefined): number {
  const seconds = Number(header);
  return Number.isSafeInteger(seconds) && seconds > 0 ? Math.min(seconds, 3_600) : DEFAULT_RETRY_SECONDS;
}

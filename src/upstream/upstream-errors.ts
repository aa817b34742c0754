import { CredentialRefused } from '../credentials/credential-refused.js';
import { GatehouseError, messageOf, type Sent } from '../common/gatehouse-error.js';

/** The upstream cannot be reached, went away, or answered with a failure of its own. */
export function unavailable(sent: Sent, detail: string, cause?: unknown): GatehouseError {
  return new GatehouseError('upstream_unavailable', 'The upstream is not available', { sent, detail, cause });
}

/** As {@link unavailable}, and trying again makes sense after some seconds. */
export function unavailableFor(seconds: number, sent: Sent, detail: string): GatehouseError {
  return new GatehouseError('upstream_unavailable', 'The upstream is not available', {
    sent,
    detail,
    retryAfter: seconds,
  });
}

export function timedOut(sent: Sent, detail: string): GatehouseError {
  return new GatehouseError('upstream_timeout', 'The upstream did not answer in time', { sent, detail });
}

/** The upstream answered something that is not the protocol. */
export function protocolError(sent: Sent, detail: string, cause?: unknown): GatehouseError {
  return new GatehouseError('upstream_protocol_error', 'The upstream broke the protocol', { sent, detail, cause });
}

/** @param challenge the `WWW-Authenticate` header, if there was one */
export function authRequired(sent: Sent, status: 401 | 403, challenge: string | null = null): CredentialRefused {
  return new CredentialRefused({ status, challenge }, sent, `HTTP status ${status}`);
}

export function tooLarge(sent: Sent, limitBytes: number): GatehouseError {
  return new GatehouseError('result_too_large', `The result is larger than ${limitBytes} bytes`, { sent });
}

export function cancelled(sent: Sent): GatehouseError {
  return new GatehouseError('call_cancelled', 'The call was cancelled', { sent });
}

export function tooManyCalls(detail: string): GatehouseError {
  return new GatehouseError('rate_limited', 'Too many calls of this upstream run at the moment', {
    sent: 'no',
    retryAfter: 1,
    detail,
  });
}

/** The same failure as it looks to a call that was waiting for something else, so that nothing of it was sent. */
export function asNotSent(thrown: unknown): GatehouseError {
  if (!(thrown instanceof GatehouseError)) return unavailable('no', messageOf(thrown), thrown);
  if (thrown.sent === 'no') return thrown;
  if (thrown instanceof CredentialRefused) return thrown.asNotSent();
  return new GatehouseError(thrown.code, thrown.publicMessage, {
    sent: 'no',
    cause: thrown,
    ...(thrown.detail === undefined ? {} : { detail: thrown.detail }),
    ...(thrown.retryAfter === undefined ? {} : { retryAfter: thrown.retryAfter }),
  });
}

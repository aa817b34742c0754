import { GatehouseError } from '../common/gatehouse-error.js';
import type { ClientChannel } from './upstream.types.js';

/**
 * Servers with sessions know no rounds of input, so answers to a question of theirs reach them inside of the call that
 * waits for them. Answers that come with a new request belong to a call that is lost, and must not run it once more.
 * @throws GatehouseError `invalid_request_state`, nothing sent.
 */
export function refuseLostRounds({ inputResponses, requestState }: ClientChannel): void {
  if (inputResponses === undefined && requestState === undefined) return;
  const message = 'inputResponses or requestState belong to no call that waits for them: start again without them';
  throw new GatehouseError('invalid_request_state', message, { sent: 'no' });
}

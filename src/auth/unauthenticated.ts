import { GatehouseError } from '../common/gatehouse-error.js';

/** The refusal of a caller who is not let in, alike for every reason. Goes with a `WWW-Authenticate` header. */
export function unauthenticated(): GatehouseError {
  return new GatehouseError('unauthenticated', 'Send a valid key as Authorization: Bearer, or as x-gatehouse-api-key.');
}

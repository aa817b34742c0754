import type { Principal } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';

/**
 * The user that the caller is: secrets of users are stored for users alone.
 * @throws GatehouseError `invalid_request` for a key without a user
 */
export function callingUser({ userId }: Principal): string {
  if (userId !== null) return userId;
  throw new GatehouseError('invalid_request', 'The key belongs to no user; use a key with a user_id.');
}

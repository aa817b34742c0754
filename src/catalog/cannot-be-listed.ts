import { GatehouseError } from '../common/gatehouse-error.js';
import type { KnownOfServer } from './catalog.types.js';

/** The name can only belong to a server that cannot be listed. What the caller can repair itself is said. */
export function cannotBeListed({ status, fault }: KnownOfServer, what: 'tool' | 'prompt'): GatehouseError {
  if (fault?.code === 'user_credential_missing') return fault;
  const code = status === 'needs_auth' ? 'upstream_auth_required' : 'upstream_unavailable';
  return new GatehouseError(code, `The server of this ${what} cannot be reached`, { sent: 'no' });
}

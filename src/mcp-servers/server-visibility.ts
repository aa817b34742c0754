import type { IncomingMessage } from 'node:http';
import type { Principal } from '../auth/principal.js';

/**
 * What the registry has to ask the room of the permissions, which is above it: which servers may a caller reach? That
 * room provides it globally, under this class as token.
 */
export abstract class ServerVisibility {
  /** Ids of the servers that the caller may reach from where the request comes from. */
  abstract visibleServerIds(principal: Principal, request: IncomingMessage): ReadonlySet<string>;
  /** Where the request comes from, behind trusted proxies; null: not known. */
  abstract clientAddress(request: IncomingMessage): string | null;
}

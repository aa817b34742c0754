import { Injectable } from '@nestjs/common';
import { PublicUrl } from '../../auth/public-url.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { StoredTokens } from '../../mcp-servers/user-secrets/user-token-store.js';

/** Where users connect their account of a server, below the base. */
export const CONNECT_PATH = 'oauth/connect';

/** Tells users that they have to log in somewhere, and where. */
@Injectable()
export class LoginNeeded {
  constructor(private readonly url: PublicUrl) {}

  /** The page on which a user connects the account of a server. It holds no secret. */
  pageOf({ id }: Pick<McpServer, 'id'>): string {
    return `${this.url.base}/${CONNECT_PATH}/${encodeURIComponent(id)}`;
  }

  /** @param stored what there is; null: the user never connected */
  error(server: McpServer, stored: StoredTokens | null): GatehouseError {
    const setupUrl = this.pageOf(server);
    const message = `${reasonFor(server.prefix, stored)} Open the set-up page to log in: ${setupUrl}`;
    return new GatehouseError('user_credential_missing', message, { sent: 'no', setupUrl });
  }

  /** A key without a user has nobody who could log in. */
  withoutUser({ prefix }: McpServer): GatehouseError {
    const message = `The server ${prefix} needs the account of a user, and the key belongs to no user; use a key with a user_id.`;
    return new GatehouseError('user_credential_missing', message, { sent: 'no' });
  }
}

function reasonFor(prefix: string, stored: StoredTokens | null): string {
  if (stored === null) return `You have not connected your account of the server ${prefix}.`;
  if (stored.wantedScope !== null) return `The server ${prefix} asks for more rights than your login gave.`;
  if (stored.status === 'refresh_failed') {
    return `Your login to the server ${prefix} has ended, and its authorization server cannot be reached to renew it.`;
  }
  return `Your login to the server ${prefix} is not valid any more.`;
}

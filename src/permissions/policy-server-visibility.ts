import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { ServerVisibility } from '../mcp-servers/server-visibility.js';
import type { ClientAddress } from './ip-visibility.js';
import { PolicyService } from './policy.service.js';

/** Lets the management routes show what the MCP doors would let a caller use: by the very same decision. */
@Injectable()
export class PolicyServerVisibility extends ServerVisibility {
  constructor(private readonly policy: PolicyService) {
    super();
  }

  visibleServerIds(principal: Principal, request: IncomingMessage): ReadonlySet<string> {
    const { method, url = '' } = request;
    const [route = ''] = url.split('?');
    const decision = this.policy.access(principal, {
      route,
      method,
      scope: { kind: 'all' },
      serversHeader: null,
      external: this.addressOf(request).external,
    });
    return new Set(decision.granted ? decision.servers.keys() : []);
  }

  clientAddress(request: IncomingMessage): string | null {
    return this.addressOf(request).address;
  }

  private addressOf({ socket, headers }: IncomingMessage): ClientAddress {
    const forwarded = headers['x-forwarded-for'];
    return this.policy.externalAddress(
      socket.remoteAddress ?? null,
      forwarded === undefined ? null : String(forwarded),
    );
  }
}

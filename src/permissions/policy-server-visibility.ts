import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { ServerVisibility } from '../mcp-servers/server-visibility.js';
import { PolicyService } from './policy.service.js';

/** Lets the management routes show what the MCP doors would let a caller use: by the very same decision. */
@Injectable()
export class PolicyServerVisibility extends ServerVisibility {
  constructor(private readonly policy: PolicyService) {
    super();
  }

  visibleServerIds(principal: Principal, request: IncomingMessage): ReadonlySet<string> {
    const { socket, headers, method, url = '' } = request;
    const forwarded = headers['x-forwarded-for'];
    const { external } = this.policy.externalAddress(
      socket.remoteAddress ?? null,
      forwarded === undefined ? null : String(forwarded),
    );
    const [route = ''] = url.split('?');
    const decision = this.policy.access(principal, {
      route,
      method,
      scope: { kind: 'all' },
      serversHeader: null,
      external,
    });
    return new Set(decision.granted ? decision.servers.keys() : []);
  }
}

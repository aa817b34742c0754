import { Injectable, Logger } from '@nestjs/common';
import { discoverOAuthServerInfo } from '@modelcontextprotocol/client';
import { messageOf } from '../../common/gatehouse-error.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { Challenge } from './challenge.js';
import { fixedDiscovery, resourceUrlOf } from './oauth-server.js';
import { OAUTH_DEADLINE_MS, outboundFetch } from '../../outbound/outbound-fetch.js';

/** Notices that a server went over to another authorization server. */
@Injectable()
export class IssuerWatch {
  private readonly logger = new Logger(IssuerWatch.name);

  constructor(private readonly outbound: OutboundClient) {}

  /**
   * Does the server, which refuses a token of this issuer, name another one now? Then the token is of no use any more,
   * and neither is its refresh token. When that cannot be found out, the answer is no.
   */
  async hasMoved(server: McpServer, issuer: string, challenge: Challenge): Promise<boolean> {
    if (fixedDiscovery(server) !== null) return false;
    const { resourceMetadataUrl: url } = challenge;
    try {
      const info = await discoverOAuthServerInfo(resourceUrlOf(server), {
        ...(url !== null && { resourceMetadataUrl: new URL(url) }),
        fetchFn: outboundFetch(this.outbound, AbortSignal.timeout(OAUTH_DEADLINE_MS)),
      });
      return (info.authorizationServerMetadata?.issuer ?? info.authorizationServerUrl) !== issuer;
    } catch (error) {
      this.logger.warn(`the authorization server of ${server.prefix} could not be found again: ${messageOf(error)}`);
      return false;
    }
  }
}

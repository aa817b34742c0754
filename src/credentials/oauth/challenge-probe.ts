import { Injectable } from '@nestjs/common';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { NO_CHALLENGE, readChallenge, type Challenge } from './challenge.js';
import { resourceUrlOf } from './oauth-server.js';
import { outboundFetch } from '../../outbound/outbound-fetch.js';

const DEADLINE_MS = 5_000;
/** Opens no session, whatever the server speaks. */
const PING = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'ping' });

/** Asks a server without a credential what tokens it wants. */
@Injectable()
export class ChallengeProbe {
  constructor(private readonly outbound: OutboundClient) {}

  /** Never rejects: a server that does not say is one whose metadata are at the usual place. */
  async ask(server: McpServer): Promise<Challenge> {
    const fetchOut = outboundFetch(this.outbound, AbortSignal.timeout(DEADLINE_MS));
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    try {
      const answer = await fetchOut(resourceUrlOf(server), { method: 'POST', headers, body: PING });
      return answer.status === 401 ? readChallenge(answer.headers.get('www-authenticate')) : NO_CHALLENGE;
    } catch {
      return NO_CHALLENGE;
    }
  }
}

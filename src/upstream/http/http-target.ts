import type { Dispatcher } from 'undici';
import { signingDispatcher } from '../../credentials/aws/request-signing.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { unavailable } from '../upstream-errors.js';

/** Address of an upstream, parsed once per server object. */
export class HttpTarget {
  readonly origin: string;
  /** Path with the query. */
  readonly path: string;

  constructor(
    private readonly server: McpServer,
    private readonly outbound: OutboundClient,
  ) {
    const url = parseUrl(server);
    this.origin = url.origin;
    this.path = url.pathname + url.search;
  }

  /** Asked for each request: the outbound room may replace a dispatcher that stood idle. */
  get dispatcher(): Dispatcher {
    return signingDispatcher(this.server, this.outbound.dispatcherFor(this.origin));
  }

  /** For streams that stay open: they must not take the connections of requests. */
  get streamDispatcher(): Dispatcher {
    return signingDispatcher(this.server, this.outbound.streamDispatcherFor(this.origin));
  }
}

function parseUrl(server: McpServer): URL {
  const text = server.url?.reveal() ?? '';
  if (!URL.canParse(text)) throw unavailable('no', 'the server has no valid url');
  return new URL(text);
}

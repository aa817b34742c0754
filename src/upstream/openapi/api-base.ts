import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { protocolError } from '../upstream-errors.js';
import { unusableDocument } from './unusable.js';

/** Where the operations of an API are. */
export interface ApiBase {
  readonly origin: string;
  /** Path before those of the operations; empty, or begins with a slash and does not end with one. */
  readonly prefix: string;
}

/**
 * The base of an API: the url of the server, else what its document says, as long as that is where the document came
 * from. So a document never chooses whom the stored credential is sent to.
 * @param serverUrl what the document says; null: nothing
 * @throws GatehouseError `upstream_protocol_error`
 */
export function apiBase(server: McpServer, documentUrl: URL, serverUrl: string | null): ApiBase {
  const own = server.url?.reveal() ?? null;
  if (own !== null) return baseOf(new URL(own));
  const said = serverUrl ?? '/';
  const url = URL.canParse(said, documentUrl.href) ? new URL(said, documentUrl) : null;
  if (url === null || url.origin !== documentUrl.origin) {
    throw unusableDocument('the API that it describes has another origin; set url to the base of the API');
  }
  return baseOf(url);
}

/**
 * Path and query of a request below a base.
 * @param target as `operationRequest` makes it
 * @throws GatehouseError `upstream_protocol_error` when it leads out of the base: a document can write any template
 */
export function pathBelow({ origin, prefix }: ApiBase, target: string): string {
  const url = new URL(origin + prefix + target);
  const isBelow = url.origin === origin && url.pathname.startsWith(`${prefix}/`);
  if (!isBelow) throw protocolError('no', 'the path of the operation leads out of the base of the API');
  return url.pathname + url.search;
}

function baseOf(url: URL): ApiBase {
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') };
}

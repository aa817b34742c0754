import { OWN_CREDENTIAL, type UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ApiAnswer } from '../../openapi/operation-result.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';
import { authRequired, unavailable } from '../upstream-errors.js';
import { ownHeaders, type HeaderMap } from '../upstream-headers.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { ApiExchange } from './api-exchange.js';
import { unusableDocument } from './unusable.js';

const ACCEPT = { accept: 'application/json, application/yaml;q=0.9, */*;q=0.5' };

/**
 * Fetches the document of a server.
 * @throws GatehouseError of the `upstream_*` family or `result_too_large`
 */
export async function fetchDocument(
  server: McpServer,
  credential: UpstreamCredential,
  url: URL,
  { outbound, limits }: { readonly outbound: OutboundClient; readonly limits: UpstreamLimits },
): Promise<Buffer> {
  const answer = await new ApiExchange({
    ...{ dispatcher: outbound.dispatcherFor(url.origin), origin: url.origin, path: url.pathname + url.search },
    ...{ method: 'GET', headers: { ...headersFor(server, credential, url), ...ACCEPT }, body: null },
    ...{ isCall: false, timeoutMs: Math.min(limits.handshakeMs, server.timeoutMs), limits, signal: null },
  }).send();
  refuseStatus(answer);
  return answer.body;
}

/**
 * The credential belongs to the API: another origin, where only the document lies, does not get it. The document is the
 * same for everybody, so no credential of a user is used for it.
 */
function headersFor(server: McpServer, credential: UpstreamCredential, { origin }: URL): HeaderMap {
  const base = server.url?.reveal() ?? null;
  const isOfTheApi = base === null || new URL(base).origin === origin;
  return isOfTheApi && credential.identity === OWN_CREDENTIAL ? ownHeaders(server, credential) : {};
}

function refuseStatus({ status }: ApiAnswer): void {
  if (status === 200) return;
  if (status === 401 || status === 403) throw authRequired('no', status);
  if (status >= 500 || status === 429) throw unavailable('no', `HTTP status ${status} for the document`);
  const redirects = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  throw unusableDocument(`its address answers with HTTP status ${status}${redirects}`);
}

import type { IncomingHttpHeaders } from 'node:http';
import { RPC, type RpcId, type RpcRequest } from '../json-rpc.js';
import { RefusedRequest } from '../refused-request.js';
import { decodeHeaderValue } from './header-value.js';

/** The member of `params` that `Mcp-Name` repeats, by method. */
const NAMED_BY: ReadonlyMap<string, 'name' | 'uri'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

/**
 * Headers repeat parts of the body so that proxies can route and limit by them. They must say the same, or a proxy
 * would decide on something else than what is executed; the gateway itself reads the body only.
 * @throws RefusedRequest 400 with `-32020`
 */
export function assertHeadersAgree(headers: IncomingHttpHeaders, request: RpcRequest, version: string): void {
  const { id, method, params } = request;
  if (headers['mcp-protocol-version'] !== version) throw headerMismatch('MCP-Protocol-Version', id);
  if (headers['mcp-method'] !== method) throw headerMismatch('Mcp-Method', id);
  const source = NAMED_BY.get(method);
  const named = source === undefined ? undefined : params?.[source];
  if (typeof named !== 'string') return;
  const header = headers['mcp-name'];
  if (header === named && !header.startsWith('=?')) return;
  if (typeof header !== 'string' || decodeHeaderValue(header) !== named) throw headerMismatch('Mcp-Name', id);
}

/** The refusal for a header that is missing or says something else than the body. */
export function headerMismatch(header: string, id: RpcId): RefusedRequest {
  const message = `Header mismatch: ${header} is missing or differs from the body`;
  return new RefusedRequest({ status: 400, code: RPC.headerMismatch, message, id, data: { header } });
}

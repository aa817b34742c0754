/** The steps of the demo as shell commands. Keys are named by shell variables, so that no secret is printed. */
import { MODERN_REVISION } from './mcp-clients.mjs';

const WIDTH = 100;
const ACCEPT = { Accept: 'application/json, text/event-stream' };

/** A management request with the master key. */
export function adminCurl(method, url, body) {
  return curl(method, url, { key: '$MASTER_KEY', body });
}

/** A request with the virtual key. */
export function callerCurl(method, url, body) {
  return curl(method, url, { key: '$KEY', body });
}

/** An MCP request of revision 2025-11-25; a plain one needs no session. */
export function legacyCurl(url, request) {
  return curl('POST', url, { key: '$KEY', headers: ACCEPT, body: { jsonrpc: '2.0', id: 1, ...request } });
}

/** A `tools/call` of revision 2026-07-28, which says in headers and `_meta` what a session said before. */
export function modernCurl(url, params) {
  const headers = {
    ...ACCEPT,
    'MCP-Protocol-Version': MODERN_REVISION,
    'Mcp-Method': 'tools/call',
    'Mcp-Name': params.name,
  };
  const meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN_REVISION,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: meta } };
  return curl('POST', url, { key: '$KEY', headers, body });
}

function curl(method, url, { key, headers = {}, body }) {
  const parts = [`curl -sS ${method === 'GET' ? '' : `-X ${method} `}${url}`, `-H "Authorization: Bearer ${key}"`];
  const all = { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) };
  for (const [name, value] of Object.entries(all)) parts.push(`-H '${name}: ${value}'`);
  if (body !== undefined) parts.push(`-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  return fold(parts);
}

function fold(parts) {
  const lines = [''];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== '' && line.length + part.length > WIDTH) lines.push(`  ${part}`);
    else lines[lines.length - 1] = line === '' ? part : `${line} ${part}`;
  }
  return lines.join(' \\\n');
}

const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const CLIENT_INFO = { name: 'bench', version: '1.0.0' };
const ACCEPT = 'application/json, text/event-stream';

/** About 200 bytes, as the arguments of a usual call. */
export const ECHOED_TEXT = 'hello world '.repeat(16);
/** Part of every good answer to a call. */
export const CALL_MARK = `"text":"${ECHOED_TEXT}"`;
/** Part of every good answer to a listing. */
export const LIST_MARK = '"tools":[{';

/**
 * @typedef {object} Target
 * @property {number} port
 * @property {string} path
 * @property {string} [key]
 * @property {string} [session]
 */

/** A 2025-11-25 call as it goes over the wire. @param {Target} target @param {string} tool */
export function call2025(target, tool) {
  return serialise(target, headers2025(target), {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool, arguments: { text: ECHOED_TEXT } },
  });
}

/**
 * A 2026-07-28 call as it goes over the wire.
 * @param {Target} target
 * @param {string} tool
 * @param {string} text that is echoed
 */
export function call2026(target, tool, text = ECHOED_TEXT) {
  const params = { name: tool, arguments: { text }, _meta: meta2026() };
  return request2026(target, 'tools/call', params, { 'Mcp-Name': tool });
}

/** A 2026-07-28 `tools/list` as it goes over the wire. @param {Target} target */
export function list2026(target) {
  return request2026(target, 'tools/list', { _meta: meta2026() }, {});
}

/** Headers of any request of a 2025-11-25 client. @param {Pick<Target, 'key' | 'session'>} target */
export function headers2025({ key, session }) {
  return {
    ...commonHeaders(key),
    'MCP-Protocol-Version': '2025-11-25',
    ...(session === undefined ? {} : { 'Mcp-Session-Id': session }),
  };
}

/** Parameters of `initialize`. */
export const INITIALIZE_PARAMS = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT_INFO };

function request2026(target, method, params, more) {
  const headers = { ...commonHeaders(target.key), 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method, ...more };
  return serialise(target, headers, { jsonrpc: '2.0', id: 1, method, params });
}

function meta2026() {
  return { [PROTOCOL_VERSION_KEY]: '2026-07-28', [CLIENT_CAPABILITIES_KEY]: {}, [CLIENT_INFO_KEY]: CLIENT_INFO };
}

function commonHeaders(key) {
  const headers = { 'Content-Type': 'application/json', Accept: ACCEPT };
  return key === undefined ? headers : { ...headers, Authorization: `Bearer ${key}` };
}

function serialise({ port, path }, headers, message) {
  const body = JSON.stringify(message);
  const all = { Host: `127.0.0.1:${port}`, ...headers, 'Content-Length': Buffer.byteLength(body) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

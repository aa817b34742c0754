import { times, withManagement } from './management.mjs';
import { headers2025, INITIALIZE_PARAMS } from './requests.mjs';

/** The world of the contract's speed figures. */
export const SERVERS = 100;
export const TOOLS_PER_SERVER = 20;
export const KEYS = 1_000;

/** Servers that one key reaches: half of them whole, half of them limited to some tools. */
const SERVERS_PER_KEY = 10;
const LIMITED_TOOLS = 10;
const WARM_LIMIT_MS = 60_000;

/**
 * @typedef {object} World
 * @property {string[]} keys ordinary callers
 * @property {string} wideKey a caller who sees nearly everything: every server, half of them without their last tool
 */

/** How many tools the wide key sees. */
export const WIDE_TOOLS = SERVERS * TOOLS_PER_SERVER - SERVERS / 2;

/** Public name of a tool behind the gateway. */
export function publicToolName(server, tool) {
  return `${serverName(server)}-${toolName(tool)}`;
}

/** Name of a tool at its upstream. */
export function toolName(tool) {
  return `tool_${tool}`;
}

/** What a client calls in turn: two tools of each server that key number `key` reaches, as `[server, tool]`. */
export function callsOf(key) {
  const first = key % LIMITED_TOOLS;
  const second = (key + LIMITED_TOOLS / 2) % LIMITED_TOOLS;
  return [first, second].flatMap((tool) => serversOf(key).map((server) => [server, tool]));
}

/**
 * Registers the servers and makes the keys through the management API.
 * @param {{url: string, masterKey: string}} gateway
 * @param {number} upstreamPort
 * @returns {Promise<World>}
 */
export async function createWorld(gateway, upstreamPort) {
  return withManagement(gateway, async (post) => {
    const ids = await times(SERVERS, (index) => createServer(post, index, upstreamPort));
    const keys = await times(KEYS, (index) => createKey(post, `bench-${index}`, grantsOf(ids, index)));
    return { keys, wideKey: await createKey(post, 'bench-wide', wideGrants(ids)) };
  });
}

/** Waits until the wide key sees every tool: from then on the catalogue is warm. */
export async function warmCatalogue(gateway, { wideKey }) {
  const deadline = performance.now() + WARM_LIMIT_MS;
  for (;;) {
    const count = await countTools(gateway, wideKey);
    if (count === WIDE_TOOLS) return;
    if (performance.now() > deadline) throw new Error(`the wide key sees ${count} of ${WIDE_TOOLS} tools`);
  }
}

/**
 * Opens one 2025-11-25 session.
 * @returns {Promise<string>} the session id
 */
export async function openSession(gateway, key) {
  const opened = await postMcp(gateway, { key }, { id: 1, method: 'initialize', params: INITIALIZE_PARAMS });
  const session = opened.headers.get('mcp-session-id');
  if (session === null) throw new Error('initialize gave no session');
  const confirmed = await postMcp(gateway, { key, session }, { method: 'notifications/initialized' });
  if (confirmed.status !== 202) throw new Error(`notifications/initialized: HTTP ${confirmed.status}`);
  return session;
}

function serverName(index) {
  return `bench${index}`;
}

function serversOf(key) {
  return Array.from({ length: SERVERS_PER_KEY }, (_, index) => (key * 7 + index * 10) % SERVERS);
}

function firstTools(count) {
  return Array.from({ length: count }, (_, index) => toolName(index));
}

async function createServer(post, index, upstreamPort) {
  const url = `http://127.0.0.1:${upstreamPort}/s${index}`;
  const created = await post('/v1/mcp/server', { server_name: serverName(index), url, transport: 'http' });
  return created.server_id;
}

async function createKey(post, alias, grants) {
  const created = await post('/key/generate', { key_alias: alias, object_permission: grants });
  return created.key;
}

function grantsOf(ids, key) {
  const reached = serversOf(key).map((server) => ids[server]);
  const limited = reached.slice(SERVERS_PER_KEY / 2).map((id) => [id, firstTools(LIMITED_TOOLS)]);
  return { mcp_servers: reached.slice(0, SERVERS_PER_KEY / 2), mcp_tool_permissions: Object.fromEntries(limited) };
}

function wideGrants(ids) {
  const limited = ids.slice(SERVERS / 2).map((id) => [id, firstTools(TOOLS_PER_SERVER - 1)]);
  return { mcp_servers: ids.slice(0, SERVERS / 2), mcp_tool_permissions: Object.fromEntries(limited) };
}

async function countTools(gateway, key) {
  let count = 0;
  let cursor;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await postMcp(gateway, { key }, { id: 1, method: 'tools/list', params });
    const { result } = await answer.json();
    count += result.tools.length;
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return count;
}

async function postMcp(gateway, credential, message) {
  const answer = await fetch(`${gateway.url}/mcp`, {
    method: 'POST',
    headers: headers2025(credential),
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
  if (!answer.ok) throw new Error(`${message.method}: HTTP ${answer.status} ${await answer.text()}`);
  return answer;
}

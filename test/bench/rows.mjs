import { startScript } from './children.mjs';
import { call2025, call2026 } from './requests.mjs';
import { callsOf, KEYS, openSession, publicToolName, TOOLS_PER_SERVER, toolName } from './world.mjs';

/**
 * One thing that is measured.
 * @typedef {object} Row
 * @property {string} name
 * @property {string} description
 * @property {{pid: number, port: number, databasePid: number | null, upstreamPid: number}} server
 * @property {string[][]} clients for each connection the requests that it sends in turn
 */

/** The SDK client hands one signal to every `fetch`, and Node warns of each listener on it. */
const QUIET_FETCH = ['--disable-warning=MaxListenersExceededWarning'];

/** Names that `--only` can pick; the floors are always measured. */
export const GATEWAYS = ['naive', 'gatehouse-2026', 'gatehouse-2025'];

/**
 * The rows without a gateway of ours. They get 2025 requests, the shorter ones.
 * @param {{pid: number, port: number}} upstream
 * @param {number} connections the highest number
 * @returns {Promise<Row[]>}
 */
export async function startFloors(upstream, connections) {
  const origin = `http://127.0.0.1:${upstream.port}`;
  // The upstream that is measured itself stands on the core of the servers under test.
  const direct = await startScript('echo-upstream.mjs', [String(TOOLS_PER_SERVER)]);
  const bare = await startScript('bare-proxy.mjs', [origin]);
  const naive = await startScript('naive-gateway.mjs', [`${origin}/s0`], QUIET_FETCH);
  const straight = ({ port }) =>
    clientsOf(connections, (server, tool) => call2025({ port, path: `/s${server}` }, tool));
  const flat = ({ port }) => clientsOf(connections, (_, tool) => call2025({ port, path: '/' }, tool));
  return [
    rowOf('direct', 'the upstream itself', direct, upstream, straight(direct)),
    rowOf('bare', 'bare node:http + undici proxy', bare, upstream, straight(bare)),
    rowOf('naive', 'naive SDK gateway', naive, upstream, flat(naive)),
  ];
}

/**
 * The rows of the gateway: each connection is a caller of its own, with its own key and, in 2025, its own session.
 * @param {import('./gatehouse.mjs').Gatehouse} gateway
 * @param {{pid: number}} upstream
 * @param {import('./world.mjs').World} world
 * @param {number} connections the highest number
 * @returns {Promise<Row[]>}
 */
export async function gatehouseRows(gateway, upstream, world, connections) {
  const callers = Array.from({ length: connections }, (_, index) => Math.floor((index * KEYS) / connections));
  const sessions = await Promise.all(callers.map((caller) => openSession(gateway, world.keys[caller])));
  const target = (index) => ({ port: gateway.port, path: '/mcp', key: world.keys[callers[index]] });
  const requests = (make) =>
    callers.map((caller, index) => callsOf(caller).map((call) => make(index, publicName(call))));
  const server = { pid: gateway.pid, port: gateway.port, databasePid: gateway.databasePid };
  const stateless = requests((index, tool) => call2026(target(index), tool));
  const sessionful = requests((index, tool) => call2025({ ...target(index), session: sessions[index] }, tool));
  return [
    rowOf('gatehouse-2026', 'Gatehouse, 2026-07-28 clients', server, upstream, stateless),
    rowOf('gatehouse-2025', 'Gatehouse, 2025-11-25 clients', server, upstream, sessionful),
  ];
}

function publicName([server, tool]) {
  return publicToolName(server, tool);
}

function clientsOf(connections, make) {
  return Array.from({ length: connections }, (_, index) =>
    callsOf(index).map(([server, tool]) => make(server, toolName(tool))),
  );
}

function rowOf(name, description, server, upstream, clients) {
  return { name, description, server: { databasePid: null, ...server, upstreamPid: upstream.pid }, clients };
}

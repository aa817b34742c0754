import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { JitteryUpstream } from '../../fixtures/upstreams/jittery-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** `ISOLATION_CALLS=100000` for a long run. */
const CALLS = Number(process.env.ISOLATION_CALLS ?? 10_000);
const CLIENTS = 200;
const PRINCIPALS = 20;
const ERAS = ['2025', '2026'] as const;
/** Every client uses this one. */
const PROGRESS_TOKEN = 'token';

let gateway: TestGateway;
let upstreams: JitteryUpstream[];
let keys: string[];

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  upstreams = await Promise.all(ERAS.map((era) => JitteryUpstream.start(era)));
  gateway = await startTestGateway(backend);
  for (const [index, era] of ERAS.entries()) {
    await registerServer(gateway, { alias: `s${era}`, url: upstreams[index]?.url });
  }
  const grants = { mcp_servers: ['s2025', 's2026'] };
  keys = await Promise.all(Array.from({ length: PRINCIPALS }, () => makeKey(gateway, grants)));
});

afterAll(async () => {
  await gateway.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

interface TestClient {
  readonly index: number;
  /** Name of its principal. */
  readonly owner: string;
  readonly revision: (typeof ERAS)[number];
  readonly headers: Record<string, string>;
  readonly tool: string;
}

async function connect(index: number): Promise<TestClient> {
  const owner = index % PRINCIPALS;
  const revision = ERAS[Math.floor(index / PRINCIPALS) % 2] ?? '2025';
  const tool = `s${ERAS[Math.floor(index / PRINCIPALS / 2) % 2]}-repeat`;
  const accept = 'application/json, text/event-stream';
  const headers = { authorization: `Bearer ${keys[owner]}`, accept };
  const client = { index, owner: `principal-${owner}`, revision, tool };
  if (revision === '2026') {
    const envelope = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool };
    return { ...client, headers: { ...headers, ...envelope } };
  }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  const body = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
  const answer = await http(`${gateway.url}/mcp`, { method: 'POST', headers, body });
  return { ...client, headers: { ...headers, 'mcp-session-id': String(answer.headers['mcp-session-id']) } };
}

/** Each client counts its ids from 1, so that they collide with those of all others. */
function send(client: TestClient, id: number, nonce: string): Promise<HttpAnswer> {
  const meta = {
    progressToken: PROGRESS_TOKEN,
    ...(client.revision === '2026' && {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }),
  };
  const params = { name: client.tool, arguments: { nonce, owner: client.owner }, _meta: meta };
  const body = { jsonrpc: '2.0', id, method: 'tools/call', params };
  return http(`${gateway.url}/mcp`, { method: 'POST', headers: client.headers, body });
}

/** What is wrong with an answer; null: nothing. */
function faultOf({ status, events, text }: HttpAnswer, id: number, nonce: string): string | null {
  const messages = events as {
    id?: unknown;
    method?: string;
    params?: Record<string, unknown>;
    result?: { content?: { text?: string }[] };
  }[];
  const last = messages.at(-1);
  if (status !== 200 || last?.id !== id) return `status ${status}, ${text}`;
  if (last.result?.content?.[0]?.text !== nonce) return `the answer of another call: ${JSON.stringify(last)}`;
  const progress = messages.slice(0, -1);
  const own = progress.every(
    ({ params }) => params?.['message'] === nonce && params['progressToken'] === PROGRESS_TOKEN,
  );
  if (!own) return `the progress of another call: ${JSON.stringify(progress)}`;
  return progress.length === 1 ? null : `${progress.length} progress notifications`;
}

it(
  `${CALLS} calls of ${CLIENTS} clients and ${PRINCIPALS} principals, with the same ids and tokens: each gets its own answer`,
  async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => connect(index)));
    const faults: string[] = [];
    const sent: string[] = [];
    const work = async (client: TestClient): Promise<void> => {
      for (let id = 1; id <= CALLS / CLIENTS; id++) {
        const nonce = `${client.owner}/${client.index}/${id}`;
        sent.push(nonce);
        const fault = faultOf(await send(client, id, nonce), id, nonce);
        if (fault !== null) faults.push(`${nonce}: ${fault}`);
      }
    };
    await Promise.all(clients.map(work));
    expect(faults.slice(0, 5)).toEqual([]);
    expect(faults).toHaveLength(0);
    expect(sent).toHaveLength(CALLS);
    const arrivals = new Map(upstreams.flatMap(({ arrivals: seen }) => [...seen]));
    expect(sent.filter((nonce) => arrivals.get(nonce) !== 1)).toEqual([]);
    expect(arrivals.size).toBe(CALLS);
    expect(upstreams.map(({ foreignCalls }) => foreignCalls)).toEqual([0, 0]);
  },
  60_000 + CALLS * 20,
);

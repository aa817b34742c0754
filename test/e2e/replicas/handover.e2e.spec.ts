import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request } from 'undici';
import { availableBackends } from '../support/backends.js';
import { manage } from '../support/identities.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey } from '../support/management.js';
import { LiveStream } from './live-stream.js';
import { Replicas, within } from './replicas.js';

type Json = Record<string, unknown>;

const ON_UP = { mcp_servers: ['up'] };
const QUESTION = { method: 'elicitation/create', params: { message: 'Name?', requestedSchema: { type: 'object' } } };
const ASK = { name: 'up-ask_client', arguments: { questions: [QUESTION] } };
const ADA = { action: 'accept', content: { name: 'Ada' } };

let replicas: Replicas;
let key: string;
const open: LiveStream[] = [];

/** Sends one message of a 2025 client to a replica, and waits for the whole answer. */
function send(url: string, session: string, message: Json, more: Record<string, string> = {}): Promise<HttpAnswer> {
  return http(`${url}/mcp`, {
    method: 'POST',
    headers: headersOf(session, more),
    body: { jsonrpc: '2.0', ...message },
  });
}

function headersOf(session: string, more: Record<string, string> = {}): Record<string, string> {
  const accept = 'application/json, text/event-stream';
  return { authorization: `Bearer ${key}`, accept, 'mcp-session-id': session, ...more };
}

async function openSession(url: string): Promise<string> {
  const clientInfo = { name: 't', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo };
  const { 'mcp-session-id': _none, ...headers } = headersOf('');
  const hello = await http(`${url}/mcp`, {
    method: 'POST',
    headers,
    body: { jsonrpc: '2.0', id: 1, method: 'initialize', params },
  });
  return String(hello.headers['mcp-session-id']);
}

async function stream(url: string, session: string, message: Json | null): Promise<LiveStream> {
  const opened = await LiveStream.open(`${url}/mcp`, headersOf(session), message);
  open.push(opened);
  return opened;
}

/** One request of a 2026 client. */
function round(url: string, more: Json = {}): Promise<HttpAnswer> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  };
  return http(`${url}/mcp`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' },
      ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': ASK.name },
    },
    body: { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { ...ASK, ...more, _meta: meta } },
  });
}

const lastOf = ({ json, events }: HttpAnswer): Json => (events.at(-1) ?? json) as Json;
const calls = (): number => replicas.upstream.callCount;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.each(availableBackends())('two processes that know each other, on $name', (backend) => {
  beforeAll(async () => {
    const reachable = async (): Promise<Record<string, string>> => {
      const port = await freePort();
      return { PORT: String(port), REPLICA_URL: `http://127.0.0.1:${port}` };
    };
    replicas = await Replicas.start(backend, [await reachable(), await reachable()]);
    key = await makeKey(replicas.a, ON_UP, { key_alias: 'shared' });
    await replicas.acceptedOnB(key);
  });
  afterEach(() => {
    for (const stream of open.splice(0)) stream.close();
  });
  afterAll(() => replicas.close());

  it('serve a session wherever its requests arrive, and send a call once', async () => {
    const session = await openSession(replicas.a.url);
    const before = calls();
    const echo = { id: 2, method: 'tools/call', params: { name: 'up-echo', arguments: { message: 'hi' } } };
    const answer = await send(replicas.b.url, session, echo);
    expect(calls()).toBe(before + 1);
    expect(lastOf(answer)).toMatchObject({ id: 2, result: { content: [{ type: 'text' }] } });
  });

  it('bring the answer of a client to the call that waits for it', async () => {
    const session = await openSession(replicas.a.url);
    const before = calls();
    const call = await stream(replicas.b.url, session, { id: 3, method: 'tools/call', params: ASK });
    const asked = await call.find(({ method }) => method === 'elicitation/create');
    const answered = await send(replicas.b.url, session, { id: asked['id'], result: ADA });
    expect(answered.status).toBe(202);
    const { result } = (await call.find(({ id }) => id === 3)) as { result: { content: { text: string }[] } };
    expect(JSON.parse(result.content[0]?.text ?? '')).toEqual([ADA]);
    expect(calls()).toBe(before + 1);
  });

  it('cancel a call, and the call of a client that goes away', async () => {
    const session = await openSession(replicas.a.url);
    const before = calls();
    const slow = { id: 4, method: 'tools/call', params: { name: 'up-slow', arguments: {} } };
    const answer = send(replicas.b.url, session, slow);
    await within(() => Promise.resolve(calls() > before));
    await send(replicas.b.url, session, { method: 'notifications/cancelled', params: { requestId: 4 } });
    await replicas.upstream.cancellation();
    await answer;
    const leaving = await stream(replicas.b.url, session, { id: 5, method: 'tools/call', params: ASK });
    await leaving.find(({ method }) => method === 'elicitation/create');
    const cancelled = replicas.upstream.requests.of('notifications/cancelled').length;
    await send(replicas.a.url, session, { method: 'notifications/cancelled', params: { requestId: 5 } });
    await within(() => Promise.resolve(replicas.upstream.requests.of('notifications/cancelled').length > cancelled));
  });

  it('carry the stream of a session', async () => {
    const common = key;
    key = await makeKey(replicas.a, ON_UP);
    await replicas.acceptedOnB(key);
    const listening = await stream(replicas.b.url, await openSession(replicas.a.url), null);
    await manage(replicas.a, '/key/update', { key, object_permission: { mcp_tool_permissions: { up: ['echo'] } } });
    await listening.find(({ method }) => method === 'notifications/tools/list_changed');
    key = common;
  });

  it('end a session, and know no session of somebody else or of nobody', async () => {
    const session = await openSession(replicas.a.url);
    const stranger = await makeKey(replicas.a, ON_UP);
    await replicas.acceptedOnB(stranger);
    const ping = { id: 6, method: 'ping' };
    const foreign = await send(replicas.b.url, session, ping, { authorization: `Bearer ${stranger}` });
    expect([foreign.status, lastOf(foreign)['id']]).toEqual([404, 6]);
    expect((await send(replicas.b.url, session, ping)).status).toBe(200);
    await http(`${replicas.b.url}/mcp`, { method: 'DELETE', headers: headersOf(session) });
    expect((await send(replicas.a.url, session, ping)).status).toBe(404);
    const [, secret = ''] = session.split('.');
    expect((await send(replicas.b.url, `AAAAAAAA.${secret}`, ping)).status).toBe(404);
  });

  it('let a parked call go on wherever its client comes back', async () => {
    const before = calls();
    const { result } = lastOf(await round(replicas.a.url)) as {
      result: { resultType: string; inputRequests: Json; requestState: string };
    };
    expect(result.resultType).toBe('input_required');
    const inputResponses = Object.fromEntries(Object.keys(result.inputRequests).map((name) => [name, ADA]));
    const repeated = { requestState: result.requestState, inputResponses };
    const end = lastOf(await round(replicas.b.url, repeated)) as { result: { content: { text: string }[] } };
    expect(JSON.parse(end.result.content[0]?.text ?? '')).toEqual([ADA]);
    expect(calls()).toBe(before + 1);
    expect(lastOf(await round(replicas.b.url, repeated))).toMatchObject({ error: { code: -32602 } });
  });

  it('record where the client is, and take nobody else for a replica', async () => {
    const session = await openSession(replicas.a.url);
    const dispatcher = new Agent({ localAddress: '127.0.0.5' });
    const params = { name: 'up-echo', arguments: { message: 'from 127.0.0.5' } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 8, method: 'tools/call', params });
    const headers = { ...headersOf(session), 'content-type': 'application/json', 'x-request-id': 'from-afar' };
    const far = await request(`${replicas.b.url}/mcp`, { method: 'POST', headers, body, dispatcher });
    await far.body.dump();
    expect([far.statusCode, far.headers['x-request-id']]).toEqual([200, 'from-afar']);
    await dispatcher.close();
    const records = (): Promise<Json[]> =>
      replicas.sql('SELECT host(source_address::inet) AS source FROM audit_records WHERE request_id = $1', [
        'from-afar',
      ]);
    await within(async () => (await records()).length > 0);
    expect(await records()).toEqual([{ source: '127.0.0.5' }]);
    const forged = await send(
      replicas.a.url,
      session,
      { id: 9, method: 'ping' },
      { 'x-gatehouse-forwarded': 'v1.k1.a.b.c' },
    );
    expect(forged.status).toBe(400);
  });

  it('know nothing of what a process held that was killed', async () => {
    const session = await openSession(replicas.a.url);
    const { result } = lastOf(await round(replicas.a.url)) as { result: { requestState: string } };
    await replicas.a.stop('SIGKILL');
    expect((await send(replicas.b.url, session, { id: 10, method: 'ping' })).status).toBe(404);
    const late = await round(replicas.b.url, { requestState: result.requestState, inputResponses: {} });
    expect(lastOf(late)).toMatchObject({ id: 7, error: { code: -32602 } });
    expect((await send(replicas.b.url, await openSession(replicas.b.url), { id: 11, method: 'ping' })).status).toBe(
      200,
    );
  });
});

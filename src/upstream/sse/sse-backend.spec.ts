import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import {
  aCall,
  aClient,
  aPrincipal,
  aServer,
  credentialOf,
  ownRequest,
  invokeOptions,
  limits,
  loopbackOutbound,
} from '../../../test/fixtures/upstreams/upstream-factories.js';
import { Secret } from '../../common/secret.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ListChanges } from '../list-changes.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { SseBackend } from './sse-backend.js';

interface Posted {
  readonly session: string;
  readonly headers: IncomingMessage['headers'];
  readonly message: JsonObject;
}

/** A server of HTTP with SSE, by hand: it does what a test says, and remembers what it got. */
class OldServer {
  readonly streams = new Map<string, ServerResponse>();
  readonly posted: Posted[] = [];
  opened = 0;
  streamHeaders: IncomingMessage['headers'] = {};
  /** What the first event says; `$ID` is the session. */
  endpoint = '/messages?session=$ID';
  /** Answers the GET with this status in place of a stream. */
  status = 200;
  onCall: (message: JsonObject, session: string) => void = (message, session) =>
    this.reply(session, message, { content: [{ type: 'text', text: 'done' }] });
  readonly #server: Server = createServer((req, res) => void this.#serve(req, res));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(method: string): Posted[] {
    return this.posted.filter(({ message }) => message['method'] === method);
  }

  send(session: string, message: JsonObject): void {
    this.streams.get(session)?.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  }

  reply(session: string, { id = null }: JsonObject, result: JsonObject): void {
    this.send(session, { id, result });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method === 'GET') return this.#open(req, res);
    const session = new URL(req.url ?? '', this.origin).searchParams.get('session') ?? '';
    const message = JSON.parse(await text(req)) as JsonObject;
    this.posted.push({ session, headers: req.headers, message });
    if (!this.streams.has(session)) return void res.writeHead(404).end('Unknown session');
    res.writeHead(202).end('Accepted');
    const { method } = message;
    if (method === 'initialize') {
      const hello = { protocolVersion: '2024-11-05', capabilities: { tools: {} }, serverInfo: { name: 'old' } };
      this.reply(session, message, hello as unknown as JsonObject);
    } else if (method === 'tools/list') {
      this.reply(session, message, { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] });
    } else if (method === 'tools/call') {
      this.onCall(message, session);
    }
  }

  #open(req: IncomingMessage, res: ServerResponse): void {
    this.streamHeaders = req.headers;
    if (this.status !== 200) return void res.writeHead(this.status).end();
    const session = `s${++this.opened}`;
    this.streams.set(session, res);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(`event: endpoint\ndata: ${this.endpoint.replace('$ID', session)}\n\n`);
  }
}

describe('HTTP with SSE', () => {
  const outbound = loopbackOutbound();
  let old: OldServer;
  let backend: SseBackend;
  let server: McpServer;
  const open = async (settings: Partial<McpServer> = {}, own: Partial<UpstreamLimits> = {}) => {
    old = await new OldServer().start();
    backend = new SseBackend(outbound, new ListChanges(), limits(own));
    server = aServer({ transport: 'sse', url: new Secret(`${old.origin}/sse`), timeoutMs: 5_000, ...settings });
  };
  const call = (options = invokeOptions(), principal = aPrincipal('ada')) =>
    backend.invoke(aCall(server, 'echo', {}, { principal }), options, credentialOf(server));
  afterEach(async () => {
    await backend.close();
    await old.close();
  });

  it('shakes hands over the stream and POSTs calls to the endpoint that it names', async () => {
    await open({ staticHeaders: new Secret({ 'x-tenant': 'acme' }) });
    expect(textOf(await call(invokeOptions({ hookHeaders: { 'x-hook': '1' } })))).toBe('done');
    expect(old.posted.map(({ message }) => message['method'])).toEqual([
      ...['initialize', 'notifications/initialized', 'tools/call'],
    ]);
    expect(old.streamHeaders).toMatchObject({ accept: 'text/event-stream', 'x-tenant': 'acme' });
    expect(old.of('tools/call')[0]?.headers).toMatchObject({ 'x-tenant': 'acme', 'x-hook': '1' });
  });

  it('shares a session among the calls of a principal, and with nobody else', async () => {
    await open();
    await Promise.all([call(), call()]);
    await call(invokeOptions(), aPrincipal('bob'));
    expect(old.opened).toBe(2);
    const tools = await backend.listTools(ownRequest(server));
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    expect(old.opened).toBe(3);
  });

  it('opens a new stream after the server closed one', async () => {
    await open();
    await call();
    old.streams.get('s1')?.end();
    old.streams.delete('s1');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(textOf(await call())).toBe('done');
    expect(old.opened).toBe(2);
  });

  it('sends a call once more when its session is not known, in a new one, and only once', async () => {
    await open();
    await call();
    old.streams.delete('s1');
    expect(textOf(await call())).toBe('done');
    expect(old.of('tools/call').map(({ session }) => session)).toEqual(['s1', 's1', 's2']);
    old.onCall = () => undefined;
    const forget = old.streams.delete.bind(old.streams);
    old.streams.has = (session) => !forget(session) && false;
    await expect(call()).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'no' });
  });

  it('does not send a call again whose stream broke', async () => {
    await open();
    old.onCall = (_message, session) => void old.streams.get(session)?.destroy();
    await expect(call()).rejects.toMatchObject({
      code: 'upstream_unavailable',
      sent: expect.stringMatching(/yes|unknown/),
    });
    expect(old.of('tools/call')).toHaveLength(1);
  });

  it.each(['https://elsewhere.example/messages', 'http://127.0.0.1:1/messages', '//elsewhere.example/m', 'http://['])(
    'trusts no endpoint of another origin: %s',
    async (endpoint) => {
      await open();
      old.endpoint = endpoint;
      await expect(call()).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'no' });
      expect(old.posted).toEqual([]);
    },
  );

  it('does not wait for an endpoint for ever', async () => {
    await open({}, { handshakeMs: 300 });
    old.endpoint = '';
    await expect(call()).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'no' });
  });

  it.each([
    [401, 'upstream_auth_required'],
    [404, 'upstream_protocol_error'],
    [307, 'upstream_protocol_error'],
    [503, 'upstream_unavailable'],
  ])('says what a status of %s in place of the stream means', async (status, code) => {
    await open();
    old.status = status;
    await expect(call()).rejects.toMatchObject({ code, sent: 'no' });
  });

  it('cuts off a server that sends what is no message, or too much of one', async () => {
    await open({}, { answerBytes: 10_000 });
    old.onCall = (_message, session) => void old.streams.get(session)?.write('data: {"jsonrpc":\n\n');
    await expect(call()).rejects.toMatchObject({ code: 'upstream_protocol_error' });
    old.onCall = (_message, session) => void old.streams.get(session)?.write(`data: ${'x'.repeat(50_000)}`);
    await expect(call()).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });

  it('carries a question to the client and its answer back, and stops the clock meanwhile', async () => {
    await open({ timeoutMs: 500 });
    old.onCall = (message, session) => {
      old.send(session, { id: 'q', method: 'roots/list' });
      const look = setInterval(() => {
        const answer = old.posted.find(
          (posted) => posted.message['id'] === 'q' && posted.message['method'] === undefined,
        );
        if (answer === undefined) return;
        clearInterval(look);
        old.reply(session, message, { content: [{ type: 'text', text: JSON.stringify(answer.message['result']) }] });
      }, 10);
    };
    const request = async (): Promise<JsonObject> => {
      await new Promise((resolve) => setTimeout(resolve, 900));
      return { roots: [] };
    };
    const client = aClient({ request, capabilities: { roots: {} } });
    expect(textOf(await call(invokeOptions({ client })))).toBe('{"roots":[]}');
    expect(old.of('initialize')[0]?.message['params']).toMatchObject({ capabilities: { roots: {} } });
  });

  it('does not keep a session that has fallen silent', async () => {
    await open({ timeoutMs: 300 });
    await call();
    old.onCall = () => undefined;
    await expect(call()).rejects.toMatchObject({ code: 'upstream_timeout', sent: 'yes' });
    expect(old.opened).toBe(1);
    await expect(call()).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(old.opened).toBe(2);
  });

  it('tells the server that a call is cancelled', async () => {
    await open();
    const controller = new AbortController();
    old.onCall = () => controller.abort();
    await expect(call(invokeOptions({ signal: controller.signal }))).rejects.toMatchObject({ code: 'call_cancelled' });
    while (old.of('notifications/cancelled').length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const requestId = old.of('tools/call')[0]?.message['id'];
    expect(old.of('notifications/cancelled')[0]?.message['params']).toMatchObject({ requestId });
  });

  it('closes idle sessions, and all of them in the end', async () => {
    await open({}, { sessionIdleMs: 50, sweepMs: 10 });
    await call();
    const stream = old.streams.get('s1');
    if (stream?.destroyed === false) await once(stream, 'close');
    await call();
    expect(old.opened).toBe(2);
  });
});

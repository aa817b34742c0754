import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { legacy, startDoors, stateless, type Doors, type SendOptions } from '../../test/fixtures/mcp-doors.js';
import { MAX_BODY_BYTES } from './read-body.js';

let doors: Doors;
beforeAll(async () => {
  doors = await startDoors();
});
afterAll(() => doors.close());
beforeEach(() => {
  doors.refusals.length = 0;
  doors.asked.length = 0;
});

const list = (more: SendOptions = {}): SendOptions => legacy('tools/list', undefined, more);
/** A request of exactly this size. */
const sized = (bytes: number): string => {
  const empty = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { pad: '' } });
  return empty.replace('"pad":""', `"pad":"${'x'.repeat(bytes - empty.length)}"`);
};

describe('host and origin', () => {
  it.each([
    ['localhost', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:4000', 200],
    ['LOCALHOST:80', 200],
    ['gateway.example', 200],
    ['gateway.example:8443', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['localhost@evil.example', 421],
    ['gw/?x=', 421],
    ['127.0.0.1:x', 421],
  ])('Host %s is answered with %d', async (host, status) => {
    expect((await doors.send(list({ headers: { host } }))).status).toBe(status);
  });

  it.each([
    ['http://localhost', 200],
    ['http://127.0.0.1:6274', 200],
    ['http://[::1]:3000', 200],
    ['https://app.example', 200],
    ['https://app.example:444', 403],
    ['http://app.example', 403],
    ['http://evil.example', 403],
    ['http://localhost.evil.example', 403],
    ['null', 403],
  ])('Origin %s is answered with %d', async (origin, status) => {
    expect((await doors.send(list({ headers: { origin } }))).status).toBe(status);
  });

  it('come before the credential', async () => {
    const anonymous = { authorization: undefined };
    expect((await doors.send(list({ headers: { ...anonymous, host: 'evil.example' } }))).status).toBe(421);
    expect((await doors.send(list({ headers: { ...anonymous, origin: 'http://evil.example' } }))).status).toBe(403);
  });

  it('refuses a second Host header', async () => {
    const socket = connect(doors.port, '127.0.0.1');
    socket.end('GET /mcp HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 4(?:00|21) /);
  });

  it('knows the configured public host and origin', async () => {
    const own = await startDoors({ publicBaseUrl: 'https://mcp.example' });
    const headers = { host: 'mcp.example', origin: 'https://mcp.example' };
    expect((await own.send(list({ headers }))).status).toBe(200);
    await own.close();
  });
});

describe('credential', () => {
  it('is asked for with one body for every method, path and kind of failure', async () => {
    const answers = await Promise.all([
      doors.send(list({ headers: { authorization: undefined } })),
      doors.send(list({ headers: { authorization: 'Bearer sk-wrong' } })),
      doors.send(list({ headers: { authorization: 'Bearer sk-wrong' }, path: '/nosuch/mcp' })),
      doors.send(legacy('initialize', {}, { headers: { authorization: undefined } })),
      doors.send(stateless('tools/list', {}, { headers: { authorization: undefined } })),
      doors.send({ method: 'GET', headers: { authorization: undefined } }),
      doors.send({ method: 'DELETE', headers: { authorization: undefined, 'mcp-session-id': 'x' } }),
      doors.send({ body: '{broken', headers: { authorization: undefined, 'content-type': 'text/plain' } }),
    ]);
    for (const answer of answers) expect(answer.status).toBe(401);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(answers[0]?.json).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { data: { reason: 'unauthenticated' } },
    });
    expect(answers[0]?.headers['www-authenticate']).toBe('Bearer');
    expect(answers[1]?.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  it('leaves one refusal in the audit, with the door and without the query', async () => {
    await doors.send(stateless('tools/list', {}, { headers: { authorization: undefined }, path: '/mcp/one?secret' }));
    expect(doors.refusals).toEqual([
      expect.objectContaining({ code: 'unauthenticated', door: 'mcp-2026', path: '/mcp/one', principal: null }),
    ]);
  });

  it('is slowed down when the authenticator says so', async () => {
    const answer = await doors.send(list({ headers: { authorization: 'Bearer sk-limited' } }));
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('9');
  });

  it.each(['api_key=1', 'token=1', 'ACCESS_TOKEN=1', 'x-gatehouse-api-key=1', 'a=1&x=sk-abc', 'x=Bearer%20abc'])(
    'is refused in the query: %s',
    async (query) => {
      const answer = await doors.send(list({ path: `/mcp?${query}` }));
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('abc');
    },
  );

  it('any other query has no meaning', async () => {
    expect((await doors.send(list({ path: '/mcp?page=1' }))).status).toBe(200);
  });
});

describe('scope', () => {
  it.each([
    ['absent, initialize', legacy('initialize', {}, { path: '/nosuch/mcp' })],
    ['absent, list', list({ path: '/nosuch/mcp' })],
    ['absent, in a list', list({ path: '/mcp/one,nosuch' })],
    ['absent, 2026', stateless('server/discover', {}, { path: '/mcp/nosuch' })],
    ['absent, GET', { method: 'GET', path: '/nosuch/mcp' }],
    ['absent, broken body', { body: '[', path: '/nosuch/mcp' }],
  ])('is refused alike: %s', async (_case, options) => {
    const answer = await doors.send(options);
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ id: null, error: { data: { reason: 'forbidden_scope' } } });
    expect(doors.refusals).toEqual([expect.objectContaining({ code: 'forbidden_scope' })]);
  });

  it.each([
    [{}, null],
    [{ 'x-mcp-servers': '' }, ''],
    [{ 'x-mcp-servers': 'a, b' }, 'a, b'],
  ])('is handed on as sent: %o', async (headers, serversHeader) => {
    await doors.send(list({ headers }));
    expect(doors.asked[0]).toEqual({ route: '/mcp', scope: { kind: 'all' }, serversHeader, external: false });
  });
});

describe('body', () => {
  it.each([
    ['text/plain', 415],
    ['application/json; charset=utf-7', 415],
    ['application/jsonp', 415],
    [undefined, 415],
    ['application/json; charset=UTF-8', 200],
    ['Application/JSON;charset="utf-8"', 200],
  ])('Content-Type %s is answered with %d', async (type, status) => {
    const { body } = list();
    expect((await doors.send({ body, headers: { 'content-type': type } })).status).toBe(status);
  });

  it('is refused when it is compressed', async () => {
    expect((await doors.send(list({ headers: { 'content-encoding': 'gzip' } }))).status).toBe(415);
  });

  it('may have exactly 4 MiB', async () => {
    expect((await doors.send({ body: sized(MAX_BODY_BYTES) })).status).toBe(200);
    const answer = await doors.send({ body: sized(MAX_BODY_BYTES + 1) });
    expect(answer.status).toBe(413);
    expect(answer.headers.connection).toBe('close');
  });

  it('is counted when its length is not announced', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await doors.send({ body: sized(MAX_BODY_BYTES), headers })).status).toBe(200);
    expect((await doors.send({ body: sized(MAX_BODY_BYTES + 1), headers })).status).toBe(413);
  });

  it.each([
    ['{"a"', -32700],
    ['[]', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', -32600],
  ])('%s is answered with 400 and %d', async (body, code) => {
    const answer = await doors.send({ body });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code } });
  });
});

describe('every answer', () => {
  it.each(['abc-1.2_3', undefined, 'bad id', 'x'.repeat(129)])('carries a request id, given %s', async (sent) => {
    const { headers } = await doors.send(list({ headers: { 'x-request-id': sent } }));
    if (sent === 'abc-1.2_3') expect(headers['x-request-id']).toBe(sent);
    else expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['GET', 'PUT', 'PATCH', 'OPTIONS', 'HEAD'])('%s is answered with 405', async (method) => {
    const answer = await doors.send({ method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, POST, DELETE');
  });

  it.each(['GET', 'DELETE'])('%s of a 2026 client is answered with 405', async (method) => {
    const answer = await doors.send({ method, headers: { 'mcp-protocol-version': '2026-07-28' } });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST');
  });

  it('keeps the connection after a refusal of an ordinary request', async () => {
    const socket = connect(doors.port, '127.0.0.1');
    const request = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n';
    socket.write(`${request}\r\n{}`);
    socket.write(`${request}Connection: close\r\n\r\n{}`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(
      Buffer.concat(chunks)
        .toString()
        .match(/HTTP\/1\.1 401 /g),
    ).toHaveLength(2);
  });
});

describe('draining', () => {
  it('finishes what runs, opens no session, and closes connections', async () => {
    const own = await startDoors();
    let finish: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      own.execute = () => {
        resolve();
        return new Promise((done) => {
          finish = () => done({ kind: 'result', result: { content: [] } });
        });
      };
    });
    const running = own.send(legacy('tools/call', { name: 'echo' }));
    await started;
    own.endpoint.beginDrain();
    let drained = false;
    const drain = own.endpoint.drained().then(() => (drained = true));
    const late = await own.send(list());
    expect(late).toMatchObject({ status: 200, headers: { connection: 'close' } });
    const hello = { protocolVersion: '2025-11-25', capabilities: {} };
    expect((await own.send(legacy('initialize', hello))).status).toBe(503);
    expect(drained).toBe(false);
    finish();
    expect((await running).status).toBe(200);
    await drain;
    await own.close();
  });

  it('waits for no client that was asked something, and asks nobody any more', async () => {
    const own = await startDoors();
    own.execute = async ({ client, signal }) => {
      const answer = await client.request?.('elicitation/create', { message: 'Name?' }, signal);
      return { kind: 'result', result: { content: [{ type: 'text', text: JSON.stringify(answer) }] } };
    };
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } };
    const ask = () => own.send(stateless('tools/call', { name: 'echo', _meta: meta }));
    expect((await ask()).json).toMatchObject({ result: { resultType: 'input_required' } });
    own.endpoint.beginDrain();
    await own.endpoint.drained();
    expect((await ask()).json).toMatchObject({ result: { content: [{ text: '{"action":"cancel"}' }] } });
    await own.close();
  });
});

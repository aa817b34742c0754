import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpHook, type PreCallChange, type PreMcpCall } from '../../../src/index.js';
import { callTool } from '../hooks/clients.js';
import { makeKey, registerServer } from '../support/management.js';
import { namesIn, OpenApiWorld } from './openapi-world.js';

/** What the hook returns, chosen by the test. */
let change: PreCallChange | undefined;

@McpHook({ name: 'changes' })
class Changes implements PreMcpCall {
  preMcpCall(): PreCallChange | void {
    return change;
  }
}

const PET = { petId: '7' };
const refused = (code: string) => ({ json: { code } });
let world: OpenApiWorld;

beforeAll(async () => {
  world = await OpenApiWorld.start({ hooks: [Changes] });
  await registerServer(world.gateway, {
    ...{ alias: 'api', spec_path: world.api.specPath, auth_type: 'bearer_token' },
    ...{ credentials: { auth_value: 'stored' }, static_headers: { 'x-static': 'admin' }, extra_headers: ['x-caller'] },
  });
});
afterAll(() => world.close());
beforeEach(() => {
  change = undefined;
  world.api.requests.clear();
  world.api.bodies.length = 0;
});

function received() {
  const { all } = world.api.requests;
  expect(all).toHaveLength(1);
  const [only] = all;
  if (only === undefined) throw new Error('nothing was received');
  return only;
}

describe('a call of an operation sends', () => {
  it('path, query, header and cookie, where the document says so, with values that are false or zero', async () => {
    const args = {
      petId: 'a b&c',
      verbose: false,
      count: 0,
      tags: ['x|y', 'z&admin=true#'],
      'X-Trace': 't',
      flavour: '=;',
    };
    const answer = await world.call('api', 'getpet', args);
    const { method, path, headers } = received();
    expect([method, path]).toEqual([
      'GET',
      '/v1/pets/a%20b%26c?verbose=false&count=0&tags=x%7Cy%7Cz%26admin%3Dtrue%23',
    ]);
    expect(headers).toMatchObject({ 'x-trace': 't', cookie: 'flavour=%3D%3B' });
    expect(answer).toMatchObject({ status: 200, json: { structuredContent: { method, path } } });
  });

  it('the credential as the admin configured it, which no argument takes the place of', async () => {
    await world.call('api', 'getpet', { ...PET, 'X-Static': 'caller' }, { 'x-caller': 'yes', 'x-other': 'no' });
    const { headers } = received();
    expect(headers).toMatchObject({ authorization: 'Bearer stored', 'x-static': 'admin', 'x-caller': 'yes' });
    expect(headers).not.toHaveProperty('x-other');
    expect(JSON.stringify(headers)).not.toContain(world.gateway.masterKey);
  });

  it('a body in JSON', async () => {
    await world.call('api', 'createpet', { body: { name: 'Rex', age: 0, isGood: false } });
    const { headers, body } = received();
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toEqual({ name: 'Rex', age: 0, isGood: false });
  });

  it('a form', async () => {
    await world.call('api', 'sendform', { body: { a: '1&b=2', b: '' } });
    expect(received()).toMatchObject({
      body: 'a=1%26b%3D2&b=',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  });

  it('a form with a file', async () => {
    const file = Buffer.from([0, 1, 255]);
    await world.call('api', 'upload', { body: { note: 'n', file: file.toString('base64') } });
    const { headers } = received();
    const [bytes] = world.api.bodies;
    const form = await new Response(new Uint8Array(bytes ?? []), {
      headers: { 'content-type': String(headers['content-type']) },
    }).formData();
    expect(form.get('note')).toBe('n');
    const sent = form.get('file');
    expect(Buffer.from(await (sent as Blob).arrayBuffer())).toEqual(file);
  });

  it('bytes', async () => {
    await world.call('api', 'putblob', { body: Buffer.from([0, 200]).toString('base64') });
    expect(received().headers['content-type']).toBe('application/octet-stream');
    expect(world.api.bodies).toEqual([Buffer.from([0, 200])]);
  });

  it('what a hook makes of the arguments', async () => {
    change = { arguments: { petId: 'changed' } };
    await world.call('api', 'getpet', { petId: 'secret' });
    expect(received().path).toBe('/v1/pets/changed');
  });
});

describe('nothing is sent', () => {
  afterEachNothingArrived();

  it.each([
    ['a path that would leave its segment', 'getpet', { petId: '../admin' }],
    ['one that does so when it is decoded', 'getpet', { petId: '%2e%2e' }],
    ['a value with a line break for a header', 'getpet', { petId: '1', 'X-Trace': 'a\r\nx-b: c' }],
    ['an argument that is missing', 'getpet', {}],
    ['an argument that the document does not know', 'getpet', { petId: '1', unknown: 1 }],
    ['a value of another type', 'createpet', { body: { name: 1 } }],
    ['a member that the body does not have', 'createpet', { body: { name: 'a', admin: true } }],
    ['a body that is no base64', 'putblob', { body: '§' }],
  ])('of %s', async (_name, tool, args) => {
    expect(await world.call('api', tool, args)).toMatchObject({ status: 400, ...refused('invalid_arguments') });
  });

  it('to a path of the document that leads out of the base', async () => {
    expect(await world.call('api', 'escape')).toMatchObject(refused('upstream_protocol_error'));
  });

  it('when a hook adds headers, which such a server cannot carry', async () => {
    change = { headers: { 'x-hook': 'hook' } };
    const rest = await world.call('api', 'getpet', PET);
    expect(rest).toMatchObject({ status: 400, ...refused('hook_headers_unsupported') });
    const { url, masterKey: key } = world.gateway;
    const call = { client: '2026', url: `${url}/api/mcp`, key, tool: 'getpet', arguments: PET } as const;
    expect((await (await callTool(call)).answer).result).toMatchObject({
      ...{ isError: true, _meta: { 'gatehouse/error': { code: 'hook_headers_unsupported', sent: 'no' } } },
    });
  });

  it('for a key without that tool', async () => {
    const key = await makeKey(world.gateway, { mcp_tool_permissions: { api: ['createpet'] } });
    const bearer = { authorization: `Bearer ${key}` };
    expect(await world.call('api', 'getpet', PET, bearer)).toMatchObject({ status: 403 });
  });
});

describe('an answer', () => {
  it.each([
    [404, true],
    [500, true],
    [302, true],
    [401, true],
    [201, false],
  ])('of status %i is an error of the tool: %s', async (code, isError) => {
    const answer = await world.call('api', 'status', { code });
    expect(received().path).toBe(`/v1/status/${code}`);
    expect(answer.status).toBe(200);
    if (isError) {
      expect(answer.json).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining(`HTTP ${code}`) }],
      });
    } else expect(answer.json).not.toHaveProperty('isError', true);
  });

  it('without a body says so', async () => {
    const answer = await world.call('api', 'status', { code: 204 });
    expect(answer.json).toMatchObject({ content: [{ type: 'text', text: 'HTTP 204, without a body' }] });
  });

  it('of bytes is encoded', async () => {
    const answer = await world.call('api', 'special', { kind: 'image' });
    expect(answer.json).toMatchObject({ content: [{ type: 'image', mimeType: 'image/png', data: 'AQL/' }] });
    expect((await world.call('api', 'special', { kind: 'html' })).json).toMatchObject({
      content: [{ type: 'text', text: '<p>hello</p>' }],
    });
  });

  it.each([
    ['that is packed though nobody asked for it', 'packed', 'upstream_protocol_error'],
    ['that has no end', 'huge', 'result_too_large'],
    ['that breaks off', 'broken', 'upstream_unavailable'],
  ])('%s is a failure, and the call is not repeated', async (_name, kind, code) => {
    expect(await world.call('api', 'special', { kind })).toMatchObject({ status: 502, ...refused(code) });
    received();
  });

  it('that does not come in time is a failure', async () => {
    await registerServer(world.gateway, { alias: 'hasty', spec_path: world.api.specPath, timeout: 0.5 });
    expect(await world.call('hasty', 'special', { kind: 'slow' })).toMatchObject({
      ...{ status: 504, ...refused('upstream_timeout') },
    });
    received();
  });

  it('is not waited for when as many calls run as the server allows', async () => {
    await registerServer(world.gateway, {
      ...{ alias: 'narrow', spec_path: world.api.specPath, max_concurrent_requests: 1, timeout: 2 },
    });
    const first = world.call('narrow', 'special', { kind: 'slow' });
    await world.api.requests.find(({ path }) => path.includes('slow'));
    expect(await world.call('narrow', 'getpet', PET)).toMatchObject({ status: 429, ...refused('rate_limited') });
    received();
    await first;
  });
});

it('a call that its caller gives up ends at the API as well', async () => {
  const { url, masterKey: key } = world.gateway;
  const call = { client: '2026', url: `${url}/api/mcp`, key, tool: 'special', arguments: { kind: 'endless' } } as const;
  const running = await callTool(call);
  const { path } = await world.api.requests.find((request) => request.path.includes('endless'));
  expect(world.api.givenUp).not.toContain(path);
  running.abort();
  await world.api.untilGivenUp(path);
  await expect(running.answer).rejects.toThrow(/abort/i);
  received();
});

describe.each(['2025-11-25', '2026-07-28'])('an SDK client of %s', (revision) => {
  it('lists the operations that its key may use, and calls one', async () => {
    const key = await makeKey(world.gateway, { mcp_tool_permissions: { api: ['getpet', 'createpet'] } });
    const url = new URL(`${world.gateway.url}/mcp`);
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    const name = 'api-getpet';
    const { tools, result } = await (revision.startsWith('2025') ? legacy : modern)(url, requestInit, name);
    expect(tools.sort()).toEqual(['api-createpet', 'api-getpet']);
    expect(received()).toMatchObject({ method: 'GET', path: '/v1/pets/7' });
    expect(result).toMatchObject({ structuredContent: { path: '/v1/pets/7' } });
  });
});

async function legacy(url: URL, requestInit: RequestInit, name: string) {
  const client = new LegacyClient({ name: 'openapi', version: '1' });
  await client.connect(new LegacyTransport(url, { requestInit }));
  const { tools } = await client.listTools();
  const result: unknown = await client.callTool({ name, arguments: PET });
  await client.close();
  return { tools: tools.map((tool) => tool.name), result };
}

async function modern(url: URL, requestInit: RequestInit, name: string) {
  const client = new ModernClient(
    { name: 'openapi', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new ModernTransport(url, { requestInit }));
  const { tools } = await client.listTools();
  const result: unknown = await client.callTool({ name, arguments: PET });
  await client.close();
  return { tools: tools.map((tool) => tool.name), result };
}

it('tools are listed at the REST door too', async () => {
  const answer = await world.gateway.admin('GET', '/mcp-rest/tools/list?server_id=api');
  expect(namesIn(answer)).toEqual(expect.arrayContaining(['getpet', 'createpet', 'upload']));
});

function afterEachNothingArrived(): void {
  afterEach(() => expect(world.api.requests.all).toEqual([]));
}

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CatalogService } from '../../../src/catalog/catalog.service.js';
import { ServerRegistry } from '../../../src/mcp-servers/server-registry.js';
import { apiDocument, RecordingApi } from '../../fixtures/openapi/recording-api.js';
import { builtIn } from '../support/built-in.js';
import { makeKey, registerServer } from '../support/management.js';
import { namesIn, OpenApiWorld } from './openapi-world.js';

const SERVER = '/v1/mcp/server';
const SECRET = 'stored-secret';
let world: OpenApiWorld;
let serial = 0;

beforeAll(async () => {
  world = await OpenApiWorld.start({
    config: { guardrails: [builtIn('pinning', 'tool_pinning', {}, { phases: ['pre', 'list'] })] },
  });
});
afterAll(() => world.close());
beforeEach(() => {
  world.api.document = apiDocument();
  world.api.documentStatus = 200;
  world.api.requests.clear();
  world.api.documentRequests.clear();
});

const register = (settings: Record<string, unknown> = {}): Promise<string> =>
  registerServer(world.gateway, { alias: `api${++serial}`, spec_path: world.api.specPath, ...settings });

async function lookAgain(id: string): Promise<void> {
  const server = world.gateway.app.get(ServerRegistry, { strict: false }).current.byId.get(id);
  if (server === undefined) throw new Error('there is no server');
  await world.gateway.app.get(CatalogService, { strict: false }).refresh(server);
}

const toolsOf = async (id: string): Promise<string[]> =>
  namesIn(await world.gateway.admin('GET', `/mcp-rest/tools/list?server_id=${id}`));

describe('settings with a spec_path', () => {
  it.each([
    ['file:///etc/passwd'],
    ['../../etc/passwd'],
    ['/etc/passwd'],
    ['\\\\host\\share\\openapi.json'],
    ['http://169.254.169.254/openapi.json'],
    ['http://10.0.0.1/openapi.json'],
    ['http://user:password@127.0.0.1/openapi.json'],
    ['http://127.0.0.1/openapi.json#part'],
    ['http://127.0.0.1/openapi.json?key=***'],
  ])('are refused when it is %s, without a look at it', async (specPath) => {
    const settings = { alias: 'refused', spec_path: specPath };
    for (const answer of [await world.gateway.admin('POST', SERVER, settings), await world.preview(settings)]) {
      expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'spec_path' }] } });
    }
    expect(world.api.documentRequests.all).toEqual([]);
  });

  it.each([
    [{ transport: 'stdio', command: process.execPath }, 'spec_path'],
    [{ url: 'http://127.0.0.1/api?key=1' }, 'url'],
    [{ protocol_era: '2026' }, 'protocol_era'],
  ])('are refused with %j', async (more, path) => {
    const answer = await world.gateway.admin('POST', SERVER, {
      alias: 'refused',
      spec_path: world.api.specPath,
      ...more,
    });
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ path }] } });
  });

  it('are refused with a document that no tools can be made of, and nothing is stored', async () => {
    const [before] = await world.gateway.sql('SELECT count(*) FROM mcp_servers');
    world.api.document = { openapi: '3.1.0', paths: {} };
    const refused = await world.gateway.admin('POST', SERVER, { alias: 'refused', spec_path: world.api.specPath });
    const errors = [{ path: 'spec_path', message: expect.stringContaining('it has no operations') }];
    expect(refused).toMatchObject({ status: 400, json: { errors } });
    expect(await world.gateway.sql('SELECT count(*) FROM mcp_servers')).toEqual([before]);
    world.api.document = apiDocument();
    const id = await register();
    world.api.document = 'openapi: [';
    const other = `${world.api.specPath}?v=2`;
    const changed = await world.gateway.admin('PUT', SERVER, { server_id: id, spec_path: other });
    expect(changed).toMatchObject({ status: 400, json: { errors: [{ path: 'spec_path' }] } });
    expect((await world.gateway.admin('GET', `${SERVER}/${id}`)).json).toMatchObject({ spec_path: world.api.specPath });
    // What is not changed is not looked at.
    expect((await world.gateway.admin('PUT', SERVER, { server_id: id, description: 'x' })).status).toBeLessThan(300);
  });

  it.each([
    [404, 400],
    [503, 201],
    [401, 201],
  ])('with an address that answers %d are answered %d', async (documentStatus, status) => {
    world.api.documentStatus = documentStatus;
    const answer = await world.gateway.admin('POST', SERVER, {
      alias: `api${++serial}`,
      spec_path: world.api.specPath,
    });
    expect(answer.status).toBe(status);
    expect(world.api.documentRequests.all).not.toEqual([]);
  });

  it('are stored encrypted, and shown to an admin', async () => {
    const id = await register({ spec_path: `${world.api.specPath}?token=${SECRET}` });
    const [row] = await world.gateway.sql<{ spec_path: string }>(
      'SELECT spec_path FROM mcp_servers WHERE server_id = $1',
      [id],
    );
    expect(row?.spec_path).not.toContain('127.0.0.1');
    const admin = await world.gateway.admin('GET', `${SERVER}/${id}`);
    expect(admin.json).toMatchObject({ spec_path: `${world.api.specPath}?token=${SECRET}` });
  });

  it('make an OpenAPI server whatever the transport says', async () => {
    expect(await toolsOf(await register({ transport: 'sse' }))).toContain('getpet');
  });
});

describe('the credential', () => {
  const auth = { auth_type: 'bearer_token', credentials: { auth_value: SECRET } };

  it('goes along for a document of the API itself, and to no other origin', async () => {
    await toolsOf(await register(auth));
    expect(world.api.documentRequests.all.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET}`);
    const elsewhere = await RecordingApi.start();
    const id = await register({ ...auth, url: `${elsewhere.origin}/base/` });
    world.api.documentRequests.clear();
    await lookAgain(id);
    expect(world.api.documentRequests.all.length).toBeGreaterThan(0);
    expect(JSON.stringify(world.api.documentRequests.all)).not.toContain(SECRET);
    await world.call(id, 'getpet', { petId: '1' });
    expect(elsewhere.requests.all).toMatchObject([
      { path: '/base/pets/1', headers: { authorization: `Bearer ${SECRET}` } },
    ]);
    expect(world.api.requests.all).toEqual([]);
    await elsewhere.close();
  });

  it('does not follow a document to another origin', async () => {
    const elsewhere = await RecordingApi.start();
    const id = await register(auth);
    const update = { server_id: id, spec_path: elsewhere.specPath };
    expect((await world.gateway.admin('PUT', SERVER, update)).json).toMatchObject({ credential_keys: [] });
    await world.call(id, 'getpet', { petId: '1' });
    expect(elsewhere.requests.all).toHaveLength(1);
    expect(JSON.stringify([elsewhere.requests.all, elsewhere.documentRequests.all])).not.toContain(SECRET);
    await elsewhere.close();
  });

  it('of the type api_key is sent as LiteLLM sends it to an API, wherever the document wants it', async () => {
    world.api.document = {
      ...apiDocument(),
      components: { securitySchemes: { k: { type: 'apiKey', in: 'query', name: 'key' } } },
      security: [{ k: [] }],
    };
    await world.call(await register({ ...auth, auth_type: 'api_key' }), 'getpet', { petId: '1' });
    expect(world.api.requests.all).toMatchObject([
      { path: '/v1/pets/1', headers: { authorization: `ApiKey ${SECRET}` } },
    ]);
  });
});

describe('a preview', () => {
  it('shows names, descriptions, schemas and what was left out, and stores nothing', async () => {
    const { paths } = apiDocument();
    world.api.document = {
      ...apiDocument(),
      paths: { ...paths, '/broken': { get: { parameters: [{ $ref: 'http://127.0.0.1:9/x.json' }], responses: {} } } },
    };
    const answer = await world.preview({ spec_path: world.api.specPath });
    expect(answer).toMatchObject({
      status: 200,
      json: {
        error: null,
        warnings: [expect.stringContaining('Authorization'), 'GET /broken: a parameter leads nowhere'],
      },
    });
    const { tools } = answer.json as { tools: { name: string }[] };
    expect(tools.find(({ name }) => name === 'getpet')).toMatchObject({
      description: 'One pet',
      annotations: { title: 'GET /pets/{petId}', readOnlyHint: true },
      inputSchema: { properties: { count: { type: 'integer', minimum: 0 } }, required: ['petId'] },
    });
    expect(world.api.requests.all).toEqual([]);
  });

  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
  ];
  const many = Object.fromEntries(Array.from({ length: 5_001 }, (_, i) => [`/p${i}`, { get: {} }]));

  it.each<[string, () => unknown, string]>([
    ['no OpenAPI', () => '<html>not found</html>', 'cannot be used'],
    ['broken JSON', () => '{"openapi": ', 'it is not valid JSON'],
    ['of another version', () => ({ openapi: '4.0.0' }), 'version'],
    ['without operations', () => ({ openapi: '3.1.0', paths: {} }), 'it has no operations'],
    ['of too many operations', () => ({ openapi: '3.1.0', paths: many }), 'more than 5000 operations'],
    ['a bomb of aliases', () => ['openapi: 3.0.0', ...bomb].join('\n'), 'aliases'],
    ['with a key twice', () => 'openapi: 3.0.0\npaths: {}\npaths: {}', 'not valid YAML'],
    ['too deep', () => `{"openapi":"3.0.0","x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 'nests deeper'],
    ['too large', () => `{"openapi":"3.0.0","x":"${'x'.repeat(11 * 1024 * 1024)}"}`, 'larger than'],
    ['for another host', () => ({ ...apiDocument(), servers: [{ url: 'http://127.0.0.2/v1' }] }), 'set url'],
    [
      'for a host that is a variable',
      () => ({ ...apiDocument(), servers: [{ url: 'http://{h}/', variables: { h: { default: '10.0.0.1' } } }] }),
      'set url',
    ],
  ])('of a document that is %s says what is wrong', async (_name, document, text) => {
    world.api.document = document();
    const { json } = await world.preview({ spec_path: world.api.specPath });
    expect(json).toMatchObject({ tools: [], error: 'test_failed', message: expect.stringContaining(text) });
    expect(world.api.requests.all).toEqual([]);
  });

  it.each([
    [401, 'refused the credential'],
    [404, 'HTTP status 404'],
    [302, 'redirects are not followed'],
    [503, 'not available'],
  ])('of a document that is answered with %i says so', async (status, text) => {
    world.api.documentStatus = status;
    const { json } = await world.preview({ spec_path: world.api.specPath });
    expect(json).toMatchObject({ error: 'test_failed', message: expect.stringContaining(text) });
    expect(world.api.documentRequests.all.map(({ path }) => path)).toEqual(['/openapi.json']);
    expect(world.api.requests.all).toEqual([]);
  });

  it('of references in circles and chains ends', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`S${i}`, { $ref: `#/components/schemas/S${i + 1}` }]),
    );
    world.api.document = {
      ...apiDocument(),
      components: { schemas: { ...chain, Self: { $ref: '#/components/schemas/Self' } } },
      paths: {
        '/circle': {
          post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Self' } } } } },
        },
        '/chain': {
          post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } } },
        },
        '/proto': { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/~1__proto__' } } } } } },
      },
    };
    expect((await world.preview({ spec_path: world.api.specPath })).status).toBe(200);
    expect((await world.gateway.admin('GET', '/health/live')).status).toBe(200);
  });
});

describe('a document that changes', () => {
  it('changes the tools when it is read again', async () => {
    const id = await register();
    const before = await toolsOf(id);
    const { paths, ...rest } = apiDocument();
    const { '/pets': _gone, ...kept } = paths;
    world.api.document = { ...rest, paths: { ...kept, '/new': { get: { operationId: 'brandNew' } } } };
    await lookAgain(id);
    expect((await toolsOf(id)).sort()).toEqual([...before.filter((name) => name !== 'createpet'), 'brandnew'].sort());
    await world.call(id, 'brandnew');
    expect(world.api.requests.all).toMatchObject([{ method: 'GET', path: '/v1/new' }]);
    expect((await world.call(id, 'createpet', { body: { name: 'x' } })).status).toBe(403);
  });

  it('keeps its tools while it cannot be read', async () => {
    const id = await register();
    const before = await toolsOf(id);
    world.api.document = 'garbage';
    await lookAgain(id);
    expect(await toolsOf(id)).toEqual(before);
    await world.call(id, 'getpet', { petId: '1' });
    expect(world.api.requests.all).toHaveLength(1);
  });

  it('calls the new path of an operation', async () => {
    const id = await register();
    await toolsOf(id);
    world.api.document = { ...apiDocument(), servers: [{ url: '/v2' }] };
    await lookAgain(id);
    await world.call(id, 'getpet', { petId: '1' });
    expect(world.api.requests.all).toMatchObject([{ path: '/v2/pets/1' }]);
  });

  it('does not lead a pinned tool to another path', async () => {
    const id = await register({ guardrails: ['pinning'] });
    const key = await makeKey(world.gateway, { mcp_servers: [id] });
    const bearer = { authorization: `Bearer ${key}` };
    await world.call(id, 'getpet', { petId: '1' }, bearer);
    expect(world.api.requests.all).toHaveLength(1);
    const { paths, ...rest } = apiDocument();
    world.api.document = { ...rest, paths: { '/owners/{petId}': paths['/pets/{petId}'] } };
    await lookAgain(id);
    const answer = await world.call(id, 'getpet', { petId: '1' }, bearer);
    expect(world.api.requests.all).toHaveLength(1);
    expect(answer.json).toMatchObject({ code: 'guardrail_denied' });
  });
});

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http, type HttpAnswer } from '../support/http.js';
import type { TestDatabase } from '../../fixtures/test-database.js';

const CANARY = 'canary-5be1f09d33aa';
const [backend] = availableBackends();

let directory: string;
let file: string;
let database: TestDatabase;
let gateway: GatewayProcess;
let upstream: RecordingHttpUpstream;

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-file-'));
  file = join(directory, 'gateway.yaml');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  database = await backend.createDatabase();
  writeFileSync(join(directory, 'closed.mjs'), `export default class { preMcpCall() { throw new Error('closed'); } }`);
  writeFileSync(join(directory, 'idle.mjs'), 'export default class { preMcpCall() {} }');
  put(servers('wiki', 'description: first'));
  gateway = await GatewayProcess.start(join(directory, 'data'), {
    DATABASE_URL: database.url,
    CONFIG_FILE: file,
    OUTBOUND_ALLOW: '127.0.0.0/8',
    WIKI_TOKEN: CANARY,
  });
}, 60_000);

afterAll(async () => {
  await gateway?.stop();
  await upstream?.close();
  await database?.drop();
  rmSync(directory, { recursive: true, force: true });
});

/** Replaces the file as editors do. */
function put(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function servers(name: string, ...more: readonly string[]): string {
  const lines = [
    `url: ${upstream.url}`,
    'auth_type: bearer_token',
    'auth_value: os.environ/WIKI_TOKEN',
    'access_groups: [readers]',
    ...more,
  ];
  return `mcp_servers:\n  ${name}:\n${lines.map((line) => `    ${line}\n`).join('')}${guardrail(false)}`;
}

function guardrail(defaultOn: boolean): string {
  const params = `{ guardrail: ./closed.mjs, mode: pre_mcp_call, default_on: ${defaultOn} }`;
  return `guardrails:\n${entry('closed', params)}${entry('idle', '{ guardrail: ./idle.mjs, mode: pre_mcp_call }')}`;
}

function entry(name: string, params: string): string {
  return `  - guardrail_name: ${name}\n    litellm_params: ${params}\n`;
}

async function list(): Promise<Record<string, unknown>[]> {
  return (await gateway.admin('GET', '/v1/mcp/server')).json as Record<string, unknown>[];
}

async function configured(): Promise<Record<string, unknown>> {
  const found = (await list()).find((server) => server['is_config'] === true);
  if (found === undefined) throw new Error('there is no server of the file');
  return found;
}

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}\n${gateway.output}`);
    await delay(50);
  }
}

function call(key: string, serverId: string): Promise<HttpAnswer> {
  return http(`${gateway.url}/mcp-rest/tools/call`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: { server_id: serverId, name: 'echo', arguments: { message: 'hello' } },
  });
}

async function keyFor(grants: object, metadata: object = {}): Promise<string> {
  const answer = await gateway.admin('POST', '/key/generate', { object_permission: grants, metadata });
  return (answer.json as { key: string }).key;
}

describe('a server of gateway.yaml', () => {
  it('is called like any other, by grants that name it or its group, with its secret', async () => {
    const { server_id: id } = await configured();
    for (const grants of [{ mcp_servers: ['wiki'] }, { mcp_access_groups: ['readers'] }]) {
      const answer = await call(await keyFor(grants), String(id));
      expect(upstream.requests.of('tools/call').at(-1)?.headers['authorization']).toBe(`Bearer ${CANARY}`);
      expect(answer.status).toBe(200);
    }
  });

  it('is shown as one of the file, and its secret is neither shown nor stored', async () => {
    const server = await configured();
    expect(server).toMatchObject({ server_name: 'wiki', description: 'first', credential_keys: ['auth_value'] });
    const one = await gateway.admin('GET', `/v1/mcp/server/${String(server['server_id'])}`);
    expect(one.json).toMatchObject({ is_config: true, server_name: 'wiki' });
    expect(one.text + JSON.stringify(await list())).not.toContain(CANARY);
    expect(gateway.output).not.toContain(CANARY);
  });

  it('is read only in the API', async () => {
    const { server_id: id } = await configured();
    const answers = [
      await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, description: 'by API' }),
      await gateway.admin('DELETE', `/v1/mcp/server/${String(id)}`),
      await gateway.admin('POST', '/v1/mcp/server', { server_id: id, alias: 'other', url: upstream.url }),
      await gateway.admin('POST', '/v1/mcp/server', { alias: 'WIKI', url: upstream.url }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409, 409]);
    expect(answers[0]?.text).toContain('gateway.yaml');
    expect(await configured()).toMatchObject({ description: 'first' });
  });

  it('is read only for reviews, publication and secrets of users too', async () => {
    const id = String((await configured())['server_id']);
    const made = await gateway.admin('POST', '/user/new', { user_id: 'ada', auto_create_key: true });
    const { key } = made.json as { key: string };
    await gateway.admin('POST', '/key/update', { key, object_permission: { mcp_servers: ['wiki'] } });
    const asUser = (path: string, body: object): Promise<HttpAnswer> =>
      http(`${gateway.url}/v1/mcp/server/${id}/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
        body,
      });
    const answers = [
      await gateway.admin('PUT', `/v1/mcp/server/${id}/approve`, {}),
      await gateway.admin('PUT', `/v1/mcp/server/${id}/reject`, {}),
      await gateway.admin('POST', '/v1/mcp/make_public', { mcp_server_ids: [id] }),
      await asUser('oauth-user-credential', { access_token: 'x' }),
      await asUser('user-env-vars', { values: {} }),
    ];
    expect(answers.map(({ status, text }) => [status, text.includes('gateway.yaml')])).toEqual(
      answers.map(() => [409, true]),
    );
    expect((await asUser('user-credential', { credential: 'x' })).status).toBe(400);
    const records = (await gateway.admin('GET', `/audit?object_id=${id}`)).json as { kind: string }[];
    expect(records.filter(({ kind }) => kind === 'write')).toEqual([]);
  });

  it('is found by name, in lists by filter and team, and by the health of servers', async () => {
    const { server_id: id } = await configured();
    const ids = async (path: string): Promise<unknown[]> =>
      ((await gateway.admin('GET', path)).json as { server_id: string }[]).map((server) => server.server_id);
    expect((await gateway.admin('GET', '/v1/mcp/server/WIKI')).json).toMatchObject({ server_id: id });
    await gateway.admin('POST', '/team/new', { team_id: 'readers', object_permission: { mcp_servers: ['wiki'] } });
    await gateway.admin('POST', '/team/new', { team_id: 'others' });
    expect(await ids('/v1/mcp/server?team_id=readers')).toEqual([id]);
    expect(await ids('/v1/mcp/server?team_id=others')).toEqual([]);
    expect(await ids('/v1/mcp/server?is_public=false')).toEqual([id]);
    expect(await ids('/v1/mcp/server?is_public=true')).toEqual([]);
    const checked = await gateway.admin('GET', `/v1/mcp/server/health?refresh=true&server_ids=${String(id)}`);
    expect(checked.json).toEqual([{ server_id: id, status: 'healthy' }]);
  });

  it('comes first in pages, and each server once', async () => {
    await gateway.admin('POST', '/v1/mcp/server', { alias: 'stored1', url: upstream.url });
    await gateway.admin('POST', '/v1/mcp/server', { alias: 'stored2', url: upstream.url });
    const names: unknown[] = [];
    let next: string | null = '/v1/mcp/server?limit=1';
    while (next !== null) {
      const page: HttpAnswer = await gateway.admin('GET', next);
      names.push(...(page.json as { alias: string }[]).map(({ alias }) => alias));
      next = /^<([^>]+)>/.exec(String(page.headers['link'] ?? ''))?.[1] ?? null;
    }
    expect(names).toEqual(['wiki', 'stored1', 'stored2']);
  });

  it('has its background checks shown', async () => {
    await until('a check is shown', async () => (await configured())['status'] === 'healthy');
  });
});

describe('a change of gateway.yaml', () => {
  it('is taken over by itself', async () => {
    put(servers('wiki', 'description: second'));
    await until('the new description', async () => (await configured())['description'] === 'second');
  });

  it('keeps id and grants when only other fields change', async () => {
    const { server_id: id } = await configured();
    const key = await keyFor({ mcp_servers: ['wiki'] });
    put(servers('wiki', 'description: third', 'disallowed_tools: [echo]'));
    await until('the new description', async () => (await configured())['description'] === 'third');
    expect((await configured())['server_id']).toBe(id);
    expect((await call(key, String(id))).status).toBe(403);
    put(servers('wiki', 'description: fourth'));
    await until('the new description', async () => (await configured())['description'] === 'fourth');
    expect((await call(key, String(id))).status).toBe(200);
  });

  it.each([
    ['is not YAML', 'mcp_servers: [', /is not valid YAML: see line 1/],
    ['has a fault in a field', 'mcp_servers:\n  wiki:\n    url: 7\n', /line 3: mcp_servers\.wiki\.url must/],
    [
      'names a variable that is not set',
      'mcp_servers:\n  wiki:\n    url: os.environ/NO\n',
      /line 3: .*os\.environ\/NO/,
    ],
  ])('that %s changes nothing and is told by line', async (_what, text, told) => {
    const before = gateway.output.length;
    put(text);
    await until('the fault in the log', () => told.test(gateway.output.slice(before)));
    expect(await configured()).toMatchObject({ description: 'fourth' });
    const ready = await http(`${gateway.url}/health/ready`);
    expect(ready.status).toBe(200);
    expect(ready.json).toMatchObject({ details: { config_file: { current: false } } });
    expect((await gateway.admin('GET', '/metrics')).text).toContain('gatehouse_config_file_current 0');
  });

  it('is taken over at SIGHUP', async () => {
    put(servers('wiki', 'description: fifth'));
    gateway.signal('SIGHUP');
    await until('the new description', async () => (await configured())['description'] === 'fifth');
    expect((await http(`${gateway.url}/health/ready`)).json).toMatchObject({
      details: { config_file: { current: true } },
    });
  });

  it.each([
    ['names none', {}],
    ['names another one', { guardrails: ['idle'] }],
  ])('switches a guardrail on and off for a key that %s', async (what, metadata) => {
    const { server_id: id } = await configured();
    const key = await keyFor({ mcp_servers: ['wiki'] }, metadata);
    expect((await call(key, String(id))).status).toBe(200);
    const calls = upstream.callCount;
    put(servers('wiki', `description: guarded, ${what}`).replace('default_on: false', 'default_on: true'));
    await until('the new description', async () => (await configured())['description'] === `guarded, ${what}`);
    const blocked = await call(key, String(id));
    expect(upstream.callCount).toBe(calls);
    expect(blocked.json).toMatchObject({ code: 'guardrail_unavailable' });
    put(servers('wiki', `description: open, ${what}`));
    await until('the new description', async () => (await configured())['description'] === `open, ${what}`);
    expect((await call(key, String(id))).status).toBe(200);
  });

  it('says which settings need a new start', async () => {
    put(`${servers('wiki', 'description: sixth')}general_settings:\n  unknown_customers: deny\n`);
    await until('the log line', () => /unknown_customers changed.*next start/.test(gateway.output));
  });

  it('that meets the name of a stored server leaves its own out until that one is gone', async () => {
    put(servers('stored1', 'description: seventh'));
    await until('the log line', () => /mcp_servers\.stored1 of gateway\.yaml is left out/.test(gateway.output));
    expect((await list()).map(({ alias, is_config: isConfig }) => [alias, isConfig])).toEqual([
      ['stored1', false],
      ['stored2', false],
    ]);
    expect((await http(`${gateway.url}/health/ready`)).json).toMatchObject({
      details: { config_file: { servers_left_out: 1 } },
    });
    const stored = (await list()).find(({ alias }) => alias === 'stored1');
    const id = String(stored?.['server_id']);
    expect((await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, description: 'mine' })).status).toBe(202);
    expect((await gateway.admin('DELETE', `/v1/mcp/server/${id}`)).status).toBe(202);
    expect(await configured()).toMatchObject({ server_name: 'stored1', description: 'seventh' });
  });
});

describe('a start', () => {
  it('with a faulty server ends with 78, and names line and field of each fault', async () => {
    const bad = join(directory, 'bad.yaml');
    writeFileSync(
      bad,
      `mcp_servers:\n  metrics:\n    url: http://${CANARY}\n  b:\n    transport: stdio\n    command: ${CANARY}\n`,
    );
    const failing = GatewayProcess.launch(join(directory, 'data2'), { CONFIG_FILE: bad });
    expect(await failing.exit()).toBe(78);
    expect(failing.output).toContain('line 2: mcp_servers.metrics is reserved');
    expect(failing.output).toContain('line 6: mcp_servers.b.command must be exactly one of');
    expect(failing.output).not.toContain(CANARY);
  });
});

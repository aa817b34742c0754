import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { gatehouse, type Ended } from './cli.js';

const CANARY = 'canary-9d0c41e7b2f8a6d3';
const [backend] = availableBackends();

type Fields = Record<string, unknown>;
type Exported = Record<string, Fields[]>;

let directory: string;
let upstream: RecordingHttpUpstream;
let here: TestGateway;
let there: TestGateway;

beforeAll(async () => {
  if (backend === undefined) throw new Error('no backend');
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  [here, there] = await Promise.all([startTestGateway(backend), startTestGateway(backend)]);
  await populate(here);
}, 60_000);

afterAll(async () => {
  await Promise.all([here?.close(), there?.close(), upstream?.close()]);
  rmSync(directory, { recursive: true, force: true });
});

/** One of everything, with a secret wherever there can be one. */
async function populate(gateway: TestGateway): Promise<void> {
  await registerServer(gateway, {
    server_id: 'wiki_id',
    alias: 'wiki',
    url: `${upstream.url}?token=${CANARY}`,
    auth_type: 'bearer_token',
    credentials: { auth_value: CANARY },
    static_headers: { 'x-tenant': CANARY },
    mcp_access_groups: ['readers'],
    disallowed_tools: ['purge'],
  });
  await registerServer(gateway, {
    server_id: 'vault_id',
    alias: 'vault',
    url: `${upstream.url}/vault`,
    static_headers: { 'x-zone': '${ZONE}', 'x-own': '${OWN}' },
    env_vars: [
      { name: 'ZONE', value: CANARY, scope: 'global' },
      { name: 'OWN', scope: 'user', description: 'yours' },
    ],
    is_byok: true,
    byok_description: ['Ask Ada'],
    authorization_url: `${upstream.url}/authorize`,
    token_url: `${upstream.url}?token=${CANARY}`,
    mcp_info: { team: 'docs' },
  });
  await gateway.admin('POST', '/v1/mcp/make_public', { mcp_server_ids: ['vault_id'] });
  await manage(gateway, '/organization/new', { organization_id: 'org', organization_alias: 'Org' });
  await manage(gateway, '/user/new', { user_id: 'ada', user_email: 'ada@example.com' });
  const group = await manage<{ access_group_id: string }>(gateway, '/access_group/new', {
    access_group_name: 'build',
    access_mcp_server_ids: ['wiki'],
  });
  await manage(gateway, '/team/new', {
    team_id: 'support',
    organization_id: 'org',
    members_with_roles: [{ user_id: 'ada', role: 'user' }],
    access_group_ids: [group.access_group_id],
    object_permission: { mcp_servers: ['wiki'] },
  });
  await manage(gateway, '/agent/new', { agent_id: 'bot', rpm_limit: 5 });
  await manage(gateway, '/customer/new', { user_id: 'acme', max_budget: 3 });
  await makeKey(
    gateway,
    { mcp_tool_permissions: { wiki: ['echo'] } },
    { key_alias: 'ci', team_id: 'support', duration: '30d' },
  );
  const { token } = await manage<{ token: string }>(gateway, '/key/generate', {
    key_alias: 'emptied',
    object_permission: { mcp_servers: ['wiki'] },
  });
  await manage(gateway, '/key/update', { key: token, object_permission: { mcp_servers: [] } });
  await makeKey(gateway, {});
}

const at = (name: string): string => join(directory, name);

async function exported(gateway: TestGateway): Promise<Exported> {
  const { stdout, code, stderr } = await gatehouse(gateway, ['export']);
  if (code !== 0) throw new Error(stderr);
  return parse(stdout) as Exported;
}

function edit(name: string, change: (text: string) => string): void {
  writeFileSync(at(name), change(readFileSync(at(name), 'utf8')));
}

function lines({ stdout }: Ended): string[] {
  return stdout.trimEnd().split('\n');
}

describe('export', () => {
  it('has all objects, and no secret', async () => {
    const { stdout } = await gatehouse(here, ['export']);
    expect(stdout).not.toContain(CANARY);
    expect(stdout).not.toMatch(/sk-[A-Za-z0-9_-]{20,}/);
    const file = parse(stdout) as Exported;
    expect(file).toMatchObject({
      gatehouse: 1,
      servers: [
        {
          server_id: 'wiki_id',
          url: `${upstream.url}?token=***`,
          static_headers: { 'x-tenant': '***' },
          credentials: { auth_value: '***' },
          disallowed_tools: ['purge'],
        },
        {
          server_id: 'vault_id',
          static_headers: { 'x-zone': '***', 'x-own': '***' },
          env_vars: [
            { name: 'ZONE', value: '***', scope: 'global' },
            { name: 'OWN', value: '', scope: 'user', description: 'yours' },
          ],
          is_byok: true,
          byok_description: ['Ask Ada'],
          authorization_url: `${upstream.url}/authorize`,
          token_url: `${upstream.url}?token=***`,
          mcp_info: { team: 'docs' },
        },
      ],
      organizations: [{ organization_id: 'org', organization_alias: 'Org' }],
      users: [{ user_id: 'ada', user_email: 'ada@example.com' }],
      access_groups: [{ access_group_name: 'build', access_mcp_server_ids: ['wiki_id'] }],
      teams: [{ team_id: 'support', access_group_ids: ['build'], object_permission: { mcp_servers: ['wiki_id'] } }],
      agents: [{ agent_id: 'bot', rpm_limit: 5 }],
      customers: [{ user_id: 'acme', max_budget: 3 }],
      keys: [{ key_alias: 'ci', team_id: 'support' }, { key_alias: 'emptied', permission_closed: true }, {}],
    });
    expect(Object.keys(file['servers']?.[0] ?? {})).not.toContain('allow_all_keys');
    expect(file['servers']?.[1]?.['mcp_info']).toEqual({ team: 'docs' });
  });

  it('writes files that only their owner reads', async () => {
    expect((await gatehouse(here, ['export', '-o', at('mode.yaml')])).code).toBe(0);
    expect(statSync(at('mode.yaml')).mode & 0o777).toBe(0o600);
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['a wrong key', [], { GATEHOUSE_KEY: `sk-${'x'.repeat(40)}` }, 'does not know this key'],
    ['no key', [], { GATEHOUSE_KEY: '' }, '--key-file'],
    ['no gateway', ['--url', 'http://127.0.0.1:9'], {}, 'cannot be reached (ECONNREFUSED)'],
    ['no URL', ['--url', 'nowhere'], {}, '--url must be'],
  ])('says what to do with %s', async (_what, args, env, told) => {
    const ended = await gatehouse(here, ['export', ...args], env);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(told);
  });
});

describe('import', () => {
  beforeEach(async () => {
    rmSync(at('a.yaml.base'), { force: true });
    await gatehouse(here, ['export', '-o', at('a.yaml')]);
  });

  it('changes nothing when nothing was changed', async () => {
    const before = await here.sql('SELECT count(*) FROM write_records');
    const ended = await gatehouse(here, ['import', at('a.yaml')]);
    expect(await here.sql('SELECT count(*) FROM write_records')).toEqual(before);
    expect(ended).toMatchObject({ code: 0, stdout: 'Nothing to change.\n' });
  });

  it('shows what it would do, then does it, then has nothing to do', async () => {
    edit('a.yaml', (text) =>
      text
        .replace('rpm_limit: 5', 'rpm_limit: 6')
        .replace('disallowed_tools:', 'description: The wiki\n    disallowed_tools:')
        .replace('agents:', 'agents:\n  - agent_id: second'),
    );
    const dry = await gatehouse(here, ['import', '--dry-run', at('a.yaml')]);
    expect(lines(dry)).toEqual([
      '~ server wiki: description',
      '+ agent second',
      '~ agent bot: rpm_limit',
      '1 to make, 2 to change, 0 to delete.',
      'Nothing was written: this was a dry run.',
    ]);
    expect((await here.admin('GET', '/agent/info?agent_id=second')).status).toBe(404);
    expect((await gatehouse(here, ['import', at('a.yaml')])).code).toBe(0);
    expect((await here.admin('GET', '/agent/info?agent_id=second')).status).toBe(200);
    expect((await here.admin('GET', '/agent/info?agent_id=bot')).json).toMatchObject({ rpm_limit: 6 });
    expect((await gatehouse(here, ['import', at('a.yaml')])).stdout).toBe('Nothing to change.\n');
    // The secrets that the file does not have are where they were.
    const id = 'wiki_id';
    const key = await makeKey(here, { mcp_servers: [id] });
    const call = await http(`${here.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: { server_id: id, name: 'echo', arguments: { message: 'x' } },
    });
    expect(upstream.requests.of('tools/call').at(-1)?.headers).toMatchObject({
      authorization: `Bearer ${CANARY}`,
      'x-tenant': CANARY,
    });
    expect(call.status).toBe(200);
  });

  it('refuses a change that would drop a credential which the file does not have', async () => {
    edit('a.yaml', (text) => text.replace(upstream.url, 'http://127.0.0.2:9/mcp'));
    const refused = await gatehouse(here, ['import', at('a.yaml')]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/line \d+: servers\[0\]\.credentials\.auth_value is \*\*\*, and the gateway drops/);
    expect(refused.stderr).toMatch(/line \d+: servers\[0\]\.static_headers\.x-tenant is \*\*\*, and the gateway drops/);
    edit('a.yaml', (text) =>
      text
        .replace(/auth_value: .*/, 'auth_value: os.environ/WIKI')
        .replace(/x-tenant: .*/, 'x-tenant: other')
        .replace('?token=***', ''),
    );
    const written = await gatehouse(here, ['import', '--dry-run', at('a.yaml')], { WIKI: CANARY });
    expect(lines(written)[0]).toBe('~ server wiki: url, static_headers, credentials');
  });

  it('keeps variables and the addresses to log in at when the url of a server changes', async () => {
    await gatehouse(here, ['export', '-o', at('moved.yaml')]);
    edit('moved.yaml', (text) => text.replace(`${upstream.url}/vault`, `${upstream.url}/other`));
    expect((await gatehouse(here, ['import', at('moved.yaml')])).code).toBe(0);
    expect((await here.admin('GET', '/v1/mcp/server/vault_id')).json).toMatchObject({
      url: `${upstream.url}/other`,
      authorization_url: `${upstream.url}/authorize`,
      token_url: `${upstream.url}?token=${CANARY}`,
      env_vars: [{ value: CANARY }, { name: 'OWN' }],
      mcp_info: { team: 'docs', is_public: true },
    });
    expect((await gatehouse(here, ['import', at('moved.yaml')])).stdout).toBe('Nothing to change.\n');
  });

  it('leaves what was changed on the gateway, and refuses what was changed on both sides', async () => {
    await manage(here, '/customer/update', { user_id: 'acme', max_budget: 40, alias: 'Acme' });
    const kept = await gatehouse(here, ['import', at('a.yaml')]);
    expect(kept).toMatchObject({ code: 0 });
    expect(lines(kept)).toContain('= customer acme: max_budget is left as it was changed on the gateway');
    edit('a.yaml', (text) => text.replace('max_budget: 3', 'max_budget: 5'));
    const refused = await gatehouse(here, ['import', at('a.yaml')]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/! line \d+: customers\[0\]\.max_budget was changed on the gateway too/);
    expect((await here.admin('GET', '/customer/info?user_id=acme')).json).toMatchObject({ max_budget: 40 });
    expect((await gatehouse(here, ['import', '--force', at('a.yaml')])).code).toBe(0);
    expect((await here.admin('GET', '/customer/info?user_id=acme')).json).toMatchObject({
      max_budget: 5,
      alias: 'Acme',
    });
    await manage(here, '/customer/update', { user_id: 'acme', max_budget: 3, alias: null });
  });

  it('deletes with --prune only, and never what the export did not have', async () => {
    await manage(here, '/agent/new', { agent_id: 'exported' });
    await gatehouse(here, ['export', '-o', at('a.yaml')]);
    await manage(here, '/agent/new', { agent_id: 'made_later' });
    edit('a.yaml', (text) => text.replace(/ {2}- agent_id: exported\n/, ''));
    expect((await gatehouse(here, ['import', at('a.yaml')])).stdout).toBe('Nothing to change.\n');
    await gatehouse(here, ['export', '-o', at('a.yaml')]);
    await manage(here, '/agent/new', { agent_id: 'made_last' });
    edit('a.yaml', (text) => text.replace(/ {2}- agent_id: exported\n/, ''));
    const pruned = await gatehouse(here, ['import', '--prune', at('a.yaml')]);
    expect(lines(pruned)).toEqual([
      '- agent exported',
      '= agent made_last is left alone: it was made since the export',
      '0 to make, 0 to change, 1 to delete.',
      'Done.',
    ]);
    const left = (await here.admin('GET', '/agent/list')).json as { agent_id: string }[];
    expect(left.map(({ agent_id: id }) => id)).toEqual(expect.arrayContaining(['bot', 'made_later', 'made_last']));
    expect(left.map(({ agent_id: id }) => id)).not.toContain('exported');
  });

  it('does not bring back what was deleted on the gateway', async () => {
    await manage(here, '/agent/new', { agent_id: 'gone' });
    await gatehouse(here, ['export', '-o', at('a.yaml')]);
    await manage(here, '/agent/delete', { agent_ids: ['gone'] });
    const ended = await gatehouse(here, ['import', at('a.yaml')]);
    expect(lines(ended)[0]).toContain('agent gone is left alone');
  });

  it('changes members by their own routes', async () => {
    edit('a.yaml', (text) => text.replace(/\brole: user\b/, 'role: admin'));
    expect(lines(await gatehouse(here, ['import', at('a.yaml')]))[0]).toBe('~ team support: members_with_roles');
    const { team_info: team } = (await here.admin('GET', '/team/info?team_id=support')).json as { team_info: Fields };
    expect(team).toMatchObject({ members_with_roles: [{ user_id: 'ada', role: 'admin' }], former_members: [] });
  });
});

describe('import into another gateway', () => {
  it('makes everything once its secrets are written into the file', async () => {
    await gatehouse(here, ['export', '-o', at('b.yaml')]);
    rmSync(at('b.yaml.base'));
    const refused = await gatehouse(there, ['import', at('b.yaml')]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/line \d+: servers\[0\]\.credentials\.auth_value is \*\*\*/);
    edit('b.yaml', (text) =>
      text
        .replaceAll('"***"', 'os.environ/WIKI')
        .replace(/url: .*\n/, `url: ${upstream.url}\n`)
        .replace(/token_url: .*\n/, `token_url: ${upstream.url}\n`),
    );
    const ended = await gatehouse(there, ['import', '--new-keys', at('keys.yaml'), at('b.yaml')], { WIKI: CANARY });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).not.toContain(CANARY);
    const [first, second] = await Promise.all([exported(here), exported(there)]);
    const comparable = (file: Exported) =>
      JSON.parse(
        JSON.stringify(file, (name, value: unknown) =>
          ['token', 'expires', 'url', 'token_url'].includes(name) ? undefined : value,
        ),
      ) as Exported;
    const { keys: _first, ...before } = comparable(first);
    const { keys: _second, ...after } = comparable(second);
    expect(after).toEqual(before);

    const keys = parse(readFileSync(at('keys.yaml'), 'utf8')) as Record<string, string>;
    expect(statSync(at('keys.yaml')).mode & 0o777).toBe(0o600);
    const list = (key: string | undefined) =>
      http(`${there.url}/mcp-rest/tools/list`, { headers: { authorization: `Bearer ${key}` } });
    const tools = (await list(keys['ci'])).json as { tools: { name: string }[] };
    expect(tools.tools.map(({ name }) => name)).toEqual(['echo']);
    expect(((await list(keys['emptied'])).json as { tools: unknown[] }).tools).toEqual([]);
    const { info } = (await there.admin('GET', `/key/info?key=${keys['ci']}`)).json as { info: { expires: string } };
    const expires = String((first['keys'] ?? [])[0]?.['expires']);
    expect(Math.abs(Date.parse(info.expires) - Date.parse(expires))).toBeLessThan(60_000);

    rmSync(at('b.yaml.base'));
    const again = await gatehouse(there, ['import', at('b.yaml')], { WIKI: CANARY });
    expect(lines(again).at(-1)).toBe('Nothing to change.');
    expect(again.stdout).toMatch(/^= key [0-9a-f]{64} is left out: without a key_alias/m);
  });
});

describe('bad files', () => {
  it.each<[string, string, RegExp]>([
    ['no YAML', 'gatehouse: 1\nteams: [', /bad\.yaml is not valid YAML: see line \d/],
    ['another file', 'a: 1\n', /gatehouse must be 1[\s\S]*a is no section/],
    ['a wrong type of a section', 'gatehouse: 1\nteams: 7\n', /line 2: teams must be a list/],
    ['an entry that is no map', 'gatehouse: 1\nteams: [7]\n', /line 2: teams\[0\] must be a map/],
    [
      'an unknown field',
      'gatehouse: 1\nagents:\n  - agent_id: x\n    colour: red\n',
      /line 4: agents\[0\]\.colour is no field of a agent/,
    ],
    [
      'a wrong type',
      'gatehouse: 1\nagents:\n  - agent_id: x1\n    rpm_limit: many\n',
      /line 4: agents\[0\]\.rpm_limit must[\s\S]*Nothing was changed/,
    ],
    [
      'an id twice',
      'gatehouse: 1\nagents:\n  - agent_id: x\n  - agent_id: x\n',
      /line 4: agents\[1\]\.agent_id is that of agents\[0\] too/,
    ],
    [
      'a reserved name',
      'gatehouse: 1\nservers:\n  - server_name: mcp\n    url: http://127.0.0.1:9/\n',
      /line 3: servers\[0\]\.server_name is reserved/,
    ],
    [
      'a group that is not there',
      'gatehouse: 1\nteams:\n  - team_id: x\n    access_group_ids: [none]\n',
      /line 4: teams\[0\]\.access_group_ids\.0 names no access group/,
    ],
    [
      'a variable that is not set',
      'gatehouse: 1\nservers:\n  - alias: x\n    url: os.environ/NOT_SET\n',
      /line 4: servers\[0\]\.url refers to os\.environ\/NOT_SET/,
    ],
  ])('%s', async (_what, text, told) => {
    writeFileSync(at('bad.yaml'), text);
    const ended = await gatehouse(here, ['import', at('bad.yaml')]);
    expect(ended.stderr).toMatch(told);
    expect(ended.code).toBe(1);
  });
});

describe('import --from-litellm', () => {
  const CONFIG = `model_list: []
mcp_servers:
  handbook:
    url: os.environ/HANDBOOK_URL
    auth_type: bearer_token
    auth_value: os.environ/HANDBOOK_TOKEN
    access_groups: [readers]
    colour: red
litellm_settings:
  mcp_aliases: { hb: handbook }
general_settings:
  master_key: ${CANARY}
`;

  it('brings servers with ids, aliases and secrets, and says what it leaves out', async () => {
    writeFileSync(at('config.yaml'), CONFIG);
    const env = { HANDBOOK_URL: upstream.url, HANDBOOK_TOKEN: CANARY };
    const ended = await gatehouse(here, ['import', '--from-litellm', at('config.yaml')], env);
    expect(lines(ended)).toEqual([
      '? model_list is not imported',
      '? general_settings is not imported',
      '? line 8: mcp_servers.handbook.colour has no effect in this version',
      '+ server handbook',
      '1 to make, 0 to change, 0 to delete.',
      'Done.',
    ]);
    const servers = (await here.admin('GET', '/v1/mcp/server')).json as Fields[];
    expect(servers.find(({ alias }) => alias === 'hb')).toMatchObject({
      server_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      server_name: 'handbook',
      mcp_access_groups: ['readers'],
      credential_keys: ['auth_value'],
      is_config: false,
    });
    const again = await gatehouse(here, ['import', '--from-litellm', at('config.yaml')], env);
    expect(lines(again).at(-1)).toBe('Nothing to change.');
    expect(ended.stdout + again.stdout).not.toContain(CANARY);
  });

  it('names line and field of what is wrong', async () => {
    writeFileSync(
      at('config.yaml'),
      CONFIG.replace('bearer_token', 'oauth9').replace('handbook:\n    url', 'a-b:\n    url'),
    );
    const ended = await gatehouse(here, ['import', '--from-litellm', at('config.yaml')], { HANDBOOK_TOKEN: 'x' });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/config\.yaml line 4: mcp_servers\.a-b\.url refers to os\.environ\/HANDBOOK_URL/);
  });
});

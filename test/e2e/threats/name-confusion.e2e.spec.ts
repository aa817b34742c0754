import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { listOnMcp, listOnRest } from '../identities/tool-lists.js';
import { makeKey, registerServer } from '../support/management.js';
import { sendRaw } from './raw-request.js';
import { DOORS, ThreatWorld } from './threat-world.js';

/** Names that a careless gateway would take for one another. */
const TOOLS = ['push', 'Push', 'hub-push', 'git-push', 'git_hub-push', 'hub_push', 'a-b', 'b-c', 'push.all'];
/** Names that no client is to see: they look like others, or cannot be told apart in a header or a path. */
const UNFIT = ['pu\u0455h', 'push\u200b', 'push\u202e', 'pu sh', 'git/push', '', 'x'.repeat(129), 'ｐush', 'push\n'];

let world: ThreatWorld;
let git: RecordingHttpUpstream;
let gitHub: RecordingHttpUpstream;
/** Grants of `git_hub` alone, and of its tool `push` alone; of both servers. */
let hubOnly: string;
let pushOnly: string;
let both: string;

beforeAll(async () => {
  world = await ThreatWorld.start();
  world.withoutFailureLimit();
  git = await RecordingHttpUpstream.start({ era: '2026', echoes: [...TOOLS, ...UNFIT] });
  gitHub = await RecordingHttpUpstream.start({ era: '2026', echoes: TOOLS });
  const { gateway } = world;
  await registerServer(gateway, { server_id: 'id-git', alias: 'git', url: git.url });
  await registerServer(gateway, { server_id: 'id-hub', alias: 'git_hub', url: gitHub.url });
  hubOnly = await makeKey(gateway, { mcp_servers: ['git_hub'] });
  pushOnly = await makeKey(gateway, { mcp_tool_permissions: { git_hub: ['push'] } });
  both = await makeKey(gateway, { mcp_servers: ['git', 'git_hub'] });
  // Both catalogues are known, so that no name is refused only because nobody has looked yet.
  await listOnMcp(gateway.url, '/mcp', { key: both });
});
afterAll(async () => {
  await world.close();
  await git.close();
  await gitHub.close();
});
beforeEach(() => {
  git.requests.clear();
  gitHub.requests.clear();
});

const called = (upstream: RecordingHttpUpstream): unknown[] =>
  upstream.requests.of('tools/call').map(({ rpc }) => (rpc?.['params'] as { name?: string } | undefined)?.name);

describe('a server cannot be registered under', () => {
  it.each([
    ...[
      'git-hub',
      '-git',
      'git-',
      'git--hub',
      'GIT',
      'gIt',
      'git_',
      'git.',
      'git.hub',
      'git__hub',
      'GIT_HUB',
      'id-git',
    ],
    ...[
      'g\u0456t',
      '\uff47it',
      'git\u200b',
      'gi\u0307t',
      'git ',
      ' git',
      'git/x',
      'git%2fx',
      'git%20',
      'git\\x',
      'git;x',
    ],
    ...[
      '.',
      '..',
      '',
      '_',
      'git,x',
      'git?x',
      'git#x',
      'mcp',
      'MCP',
      'mcp_rest',
      'key',
      'Key',
      '.well-known',
      'v1',
      '*',
    ],
    ...['all_team_mcpservers', 'no-mcp-servers', 'a'.repeat(65), 'git\n', 'git\0'],
  ])('the alias %j', async (alias) => {
    const count = async (): Promise<unknown> => world.gateway.sql('SELECT count(*) FROM mcp_servers');
    const before = await count();
    const answer = await world.gateway.admin('POST', '/v1/mcp/server', { alias, url: git.url });
    const allowed = ['mcp_rest', 'all_team_mcpservers', '_'].includes(alias) ? [201, 400, 409] : [400, 409];
    expect(allowed).toContain(answer.status);
    if (answer.status === 201) {
      const { server_id } = answer.json as { server_id: string };
      await world.gateway.admin('DELETE', `/v1/mcp/server/${server_id}`);
    }
    expect(await count()).toEqual(before);
  });
});

describe('of a server that is not granted', () => {
  const TARGETS = [
    ...['/git/mcp', '/mcp/git', '/GIT/mcp', '/Git/MCP', '/MCP/git', '/id-git/mcp', '/ID-GIT/mcp', '/mcp/id-git'],
    ...['/g%69t/mcp', '/%67%69%74/mcp', '/%47it/mcp', '/g%2569t/mcp', '/%2567it/mcp', '/git%20/mcp', '/%20git/mcp'],
    ...['/git%00/mcp', '/git./mcp', '/%EF%BD%87it/mcp', '/g%D1%96t/mcp', '/git%E2%80%8B/mcp', '/git%c0%af/mcp'],
    ...['/git_hub/../git/mcp', '/git_hub/%2e%2e/git/mcp', '/mcp/git_hub/../git', '/mcp/../git/mcp', '/./git/mcp'],
    ...['/git/./mcp', '/git/../git/mcp', '/..%2fgit/mcp', '/git_hub%2f..%2fgit/mcp', '/git%2fmcp', '/mcp%2fgit'],
    ...['/mcp/git_hub,git', '/mcp/git,git_hub', '/mcp/git_hub,,git', '/mcp/,git', '/mcp/git,', '/mcp/git_hub%2Cgit'],
    ...['/mcp/git_hub, git', '/mcp/git_hub%2C%20git', '/mcp/git_hub;git', '/git;x/mcp', '/mcp/git;git_hub', '/mcp/*'],
    ...[
      '//git/mcp',
      '/git//mcp',
      '/mcp//git',
      '/git/mcp/',
      '/git/mcp//',
      '/mcp/git/',
      '/mcp/git/mcp',
      '/git/mcp/git_hub',
    ],
    ...['/git/mcp?server=git_hub', '/mcp/git?x-mcp-servers=git_hub', '/git\\mcp', '/git/mcp/..', '/toolset/git/mcp'],
  ].map((target) => target.replaceAll(' ', '%20'));

  it.each(TARGETS)('nothing is listed or called at %s', async (target) => {
    for (const name of ['push', 'git-push']) {
      const params = { name, arguments: {} };
      const headers = { authorization: `Bearer ${hubOnly}` };
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
      const answer = await sendRaw(world.gateway.url, target, headers, call);
      const modern = await sendRaw(
        world.gateway.url,
        target,
        { ...headers, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
        { ...call, params: { ...params, _meta: META } },
      );
      expect(called(git)).toEqual([]);
      expect([400, 403, 404]).toContain(answer.status);
      expect(modern.status).toBe(answer.status);
    }
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const listed = await sendRaw(world.gateway.url, target, { authorization: `Bearer ${hubOnly}` }, list);
    expect([400, 403, 404]).toContain(listed.status);
    expect(listed.text).not.toContain('"tools"');
  });

  it.each(TARGETS)('nothing is called at %s by a key that is confined to another door', async (target) => {
    const key = await makeKey(
      world.gateway,
      { mcp_servers: ['git', 'git_hub'] },
      { allowed_routes: ['/git_hub/mcp', '/mcp/git_hub', '/key/info'] },
    );
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'push', arguments: {} } };
    const answer = await sendRaw(world.gateway.url, target, { authorization: `Bearer ${key}` }, call);
    expect(called(git)).toEqual([]);
    expect([400, 403, 404]).toContain(answer.status);
  });

  it.each([
    ...[
      'git',
      'GIT',
      'id-git',
      '\uff47it',
      'git ',
      ' git',
      'git_hub,git',
      'git,git_hub',
      'git_hub/../git',
      'git/',
      '*',
    ],
    ...['', ' ', 'git\0', 'g%69t', 'g\u0456t', '../git', 'all', ['git'], { alias: 'git' }, null, 0],
  ])('nothing is called or listed over REST as %j', async (server_id) => {
    const headers = { authorization: `Bearer ${hubOnly}` };
    for (const name of ['push', 'git-push']) {
      const answer = await sendRaw(world.gateway.url, '/mcp-rest/tools/call', headers, { server_id, name });
      expect(called(git)).toEqual([]);
      expect([400, 403]).toContain(answer.status);
    }
    const named = encodeURIComponent(String(server_id));
    const listed = await world.as(hubOnly, `/mcp-rest/tools/list?server_id=${named}`);
    expect([400, 403]).toContain(listed.status);
  });

  it.each(['git', 'git_hub,git', 'git, git_hub', 'GIT', '\tgit', ',git', 'git,,', 'id-git', 'g%69t', '["git"]'])(
    'nothing is listed with the header %j',
    async (header) => {
      const headers = { 'x-mcp-servers': header };
      const { status, tools } = await listOnMcp(world.gateway.url, '/mcp', { key: hubOnly, headers });
      expect({ status, tools }).toEqual({ status: 403, tools: [] });
    },
  );
});

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

describe('a name leads to one tool', () => {
  it.each<[path: string, name: string, leadsTo: [server: 'git' | 'git_hub', tool: string] | null]>([
    ['/mcp', 'git-push', ['git', 'push']],
    ['/mcp', 'git-Push', ['git', 'Push']],
    ['/mcp', 'git-git-push', ['git', 'git-push']],
    ['/mcp', 'git-hub-push', ['git', 'hub-push']],
    ['/mcp', 'git-hub_push', ['git', 'hub_push']],
    ['/mcp', 'git_hub-push', ['git_hub', 'push']],
    ['/mcp', 'git_hub-git-push', ['git_hub', 'git-push']],
    ['/mcp', 'git-git_hub-push', ['git', 'git_hub-push']],
    ['/mcp', 'git-a-b', ['git', 'a-b']],
    ['/mcp', 'git-push.all', ['git', 'push.all']],
    ['/git/mcp', 'push', ['git', 'push']],
    ['/git/mcp', 'git-push', ['git', 'git-push']],
    ['/git/mcp', 'git_hub-push', ['git', 'git_hub-push']],
    ['/git_hub/mcp', 'hub-push', ['git_hub', 'hub-push']],
    ['/git_hub/mcp', 'git_hub-push', ['git_hub', 'git_hub-push']],
    ['/mcp/git', 'a-b', ['git', 'a-b']],
    ['/mcp', 'git-PUSH', null],
    ['/mcp', 'GIT-push', null],
    ['/mcp', 'id-git-push', null],
    ['/mcp', 'push', null],
    ['/mcp', '-push', null],
    ['/mcp', 'git-', null],
    ['/mcp', 'git--push', null],
    ['/mcp', 'git_push', null],
    ['/mcp', 'git.push', null],
    ['/mcp', 'git/push', null],
    ['/mcp', 'git push', null],
    ['/mcp', ' git-push', null],
    ['/mcp', 'git-push ', null],
    ['/mcp', 'git-push\0', null],
    ['/mcp', 'git-push\ud800', null],
    ['/git/mcp', '\udc00push', null],
    ['/mcp', 'git%2Dpush', null],
    ['/mcp', '\uff47it-push', null],
    ['/mcp', 'g\u0456t-push', null],
    ['/mcp', 'git-push\u200b', null],
    ['/mcp', '__proto__', null],
    ['/mcp', 'constructor', null],
    ['/mcp', 'git-constructor', null],
    ['/git/mcp', 'git-git-git-push', null],
    ['/git/mcp', '__proto__', null],
    ['/git/mcp', 'toString', null],
    ['/git/mcp', 'PUSH', null],
    ['/git/mcp', '../push', null],
    ['/git_hub/mcp', 'git-hub-push', null],
  ])('%s %j', async (path, name, leadsTo) => {
    const requestId = randomUUID();
    const headers = { authorization: `Bearer ${both}`, 'x-request-id': requestId };
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } };
    const { text } = await sendRaw(world.gateway.url, path, headers, call);
    expect({ git: called(git), git_hub: called(gitHub) }).toEqual({
      git: leadsTo?.[0] === 'git' ? [leadsTo[1]] : [],
      git_hub: leadsTo?.[0] === 'git_hub' ? [leadsTo[1]] : [],
    });
    if (leadsTo === null) expect(text).toContain('-32602');
    // A name that the database does not take must not keep this record, and all after it, from being written.
    expect(await world.auditOf(requestId)).toMatchObject([{ code: leadsTo === null ? 'unknown_tool' : null }]);
  });

  it.each(DOORS)('and the grant of one tool to that tool alone, at the door $name', async (door) => {
    for (const server of ['git_hub', 'git']) {
      for (const tool of [...TOOLS, 'PUSH', 'push ', 'hub']) {
        await world.attempt(door, { key: pushOnly, server, tool });
      }
    }
    expect(called(git)).toEqual([]);
    expect(new Set(called(gitHub))).toEqual(new Set(['push']));
  });

  it.each(DOORS)('and a tool that is blocked is so in every case, at the door $name', async (door) => {
    const key = await makeKey(world.gateway, { mcp_servers: ['git_hub'], blocked_tools: ['PUSH', 'git_hub-A-B'] });
    for (const tool of TOOLS) await world.attempt(door, { key, server: 'git_hub', tool });
    expect(called(gitHub)).not.toEqual(expect.arrayContaining(['push']));
    expect(called(gitHub)).not.toEqual(expect.arrayContaining(['Push']));
    expect(called(gitHub)).not.toEqual(expect.arrayContaining(['a-b']));
    expect(called(gitHub)).toEqual(expect.arrayContaining(['b-c', 'hub_push']));
  });
});

describe('tools whose names are unfit', () => {
  it('are not listed at any door', async () => {
    const fit = /^[A-Za-z0-9_.-]{1,128}$/;
    const lists = [
      ...(await Promise.all(
        ['/mcp', '/git/mcp', '/mcp/git'].map((at) => listOnMcp(world.gateway.url, at, { key: both })),
      )),
      await listOnRest(world.gateway.url, { key: both }),
    ];
    for (const { tools } of lists) {
      expect(tools.length).toBeGreaterThan(TOOLS.length);
      expect(tools.filter((name) => !fit.test(name))).toEqual([]);
    }
  });

  it.each(DOORS)('are not called at the door $name', async (door) => {
    for (const tool of UNFIT) {
      // Node sends no such header, and none is needed where the name is in the body alone.
      if (door.name.startsWith('2026') && /[^\x20-\x7e]/.test(tool)) continue;
      expect([tool, (await world.attempt(door, { key: both, server: 'git', tool })).kind]).toEqual([tool, 'refused']);
    }
    expect(called(git)).toEqual([]);
  });
});

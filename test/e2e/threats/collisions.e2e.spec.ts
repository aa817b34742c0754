import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { KeyDirectory } from '../../../src/auth/key-directory.js';
import { hashKey } from '../../../src/auth/key-token.js';
import { McpHook, type PreMcpCall, type ToolCallView } from '../../../src/index.js';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import type { Door } from '../doors/door.js';
import { listOnMcp, listOnRest } from '../identities/tool-lists.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { ANY_DOOR, DOORS, ThreatWorld } from './threat-world.js';

const seen: ToolCallView['principal'][] = [];

@McpHook({ name: 'witness' })
class WitnessHook implements PreMcpCall {
  preMcpCall({ principal }: ToolCallView): void {
    seen.push(principal);
  }
}

let world: ThreatWorld;
let issuer: TestIssuer;
let other: TestIssuer;
let serverId: string;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  other = await TestIssuer.start();
  const claims = { ...issuer.settings().claims, userId: null, teamId: 'zz_team', customerId: 'zz_customer' };
  const jwtIssuers = [issuer.settings({ claims }), other.settings({ claims })];
  world = await ThreatWorld.start({ jwtIssuers }, { hooks: [WitnessHook] });
  serverId = await registerServer(world.gateway, { alias: 'up', url: world.upstream.url });
  await registerServer(world.gateway, { alias: 'upper', url: world.upstream.url });
});
afterAll(async () => {
  await world.close();
  await issuer.close();
  await other.close();
});
beforeEach(() => {
  world.upstream.requests.clear();
  seen.length = 0;
});

const toolOf = (server: string, tool: string): object => ({ mcp_tool_permissions: { [server]: [tool] } });

/** Gives a key that was made another secret, which no client can choose. */
async function withSecret(secret: string, grants: object, more: object = {}): Promise<string> {
  const { key } = await manage<{ key: string }>(world.gateway, '/key/generate', { object_permission: grants, ...more });
  const [before, after] = [hashKey(key), hashKey(secret)];
  await world.gateway.sql('UPDATE virtual_keys SET token = $2 WHERE token = $1', [before, after]);
  await world.gateway.app
    .get(KeyDirectory, { strict: false })
    .apply({ ids: [before, after], version: Number.MAX_SAFE_INTEGER });
  return secret;
}

/** Each caller with the one tool that it may call. */
type Callers = readonly (readonly [credential: string, tool: string])[];

/** Calls every tool as everybody, in turn and twice: the second time everything is remembered. */
async function expectOnlyOwnTools(door: Door, callers: Callers): Promise<void> {
  const tools = callers.map(([, tool]) => tool);
  for (const _round of [1, 2]) {
    for (const [credential, own] of callers) {
      for (const tool of tools) {
        world.upstream.requests.clear();
        const answer = await world.attempt(door, { key: credential, tool, arguments: { a: 1, b: 2 } });
        const expected = tool === own ? 1 : 0;
        expect([door.name, own, tool, world.upstream.callCount]).toEqual([door.name, own, tool, expected]);
        if (expected === 0) expect(answer.kind).toBe('refused');
      }
    }
  }
}

describe('keys that begin alike', () => {
  const BEGINNING = `sk-${'A'.repeat(60)}`;
  let callers: Callers;

  beforeAll(async () => {
    const secrets = [BEGINNING, `${BEGINNING}A`, `${BEGINNING}B`, `${BEGINNING}b`, `${BEGINNING}-`, `${BEGINNING}_`];
    const tools = ['echo', 'add', 'headers', 'rpc_error', 'fail', 'raw'];
    callers = await Promise.all(
      secrets.map(async (secret, at) => {
        const tool = tools[at] ?? '';
        return [await withSecret(secret, toolOf('up', tool)), tool] as const;
      }),
    );
  });

  it.each(DOORS)('call with their own rights at the door $name', (door) => expectOnlyOwnTools(door, callers));

  it('list their own tools', async () => {
    for (const [key, tool] of [...callers, ...callers]) {
      expect(await listOnMcp(world.gateway.url, '/mcp', { key })).toEqual({ status: 200, tools: [`up-${tool}`] });
      expect(await listOnRest(world.gateway.url, { key })).toEqual({ status: 200, tools: [`up-${tool}`] });
    }
  });

  it('are blocked one by one', async () => {
    const [[first] = [''], [second] = ['']] = callers;
    await manage(world.gateway, '/key/block', { key: second });
    expect((await world.attempt(ANY_DOOR, { key: second })).status).toBe(401);
    expect((await world.attempt(ANY_DOOR, { key: first })).status).toBe(200);
    await manage(world.gateway, '/key/unblock', { key: second });
  });
});

describe('tokens that begin alike', () => {
  let callers: Callers;
  const team = (tool: string): string => `team of ${tool}`;

  beforeAll(async () => {
    const tools = ['echo', 'add', 'headers'];
    for (const tool of tools) {
      await manage(world.gateway, '/team/new', { team_id: team(tool), object_permission: toolOf('up', tool) });
    }
    // The name of the claim is the last one, so everything but the end is the same.
    const claims = { jti: 'one', padding: 'x'.repeat(2000) };
    callers = await Promise.all(
      tools.map(async (tool) => [await issuer.token({ ...claims, zz_team: team(tool) }), tool] as const),
    );
  });

  it.each(DOORS)('call with their own rights at the door $name', (door) => expectOnlyOwnTools(door, callers));

  it('really begin alike', () => {
    const [[first] = [''], [second] = ['']] = callers;
    expect(second.slice(0, 2000)).toBe(first.slice(0, 2000));
  });

  it('are verified each for itself, however many come at once', async () => {
    const tokens = await Promise.all(
      ['echo', 'add', 'nobody'].map((tool) => issuer.token({ jti: 'fresh', zz_team: team(tool) })),
    );
    const answers = await Promise.all(
      [...tokens, ...tokens].flatMap((key) => DOORS.map((door) => world.attempt(door, { key }))),
    );
    const good = answers.filter(({ kind }) => kind === 'ok');
    expect(world.upstream.callCount).toBe(2 * DOORS.length);
    expect(good).toHaveLength(2 * DOORS.length);
    expect(new Set(seen.map(({ teamId }) => teamId))).toEqual(new Set([team('echo')]));
  });

  it('of two issuers with one subject are two callers', async () => {
    const requestIds = [randomUUID(), randomUUID()];
    const claims = { sub: 'same', zz_team: team('echo') };
    await world.attempt(ANY_DOOR, { key: await issuer.token(claims), requestId: requestIds[0] ?? '' });
    await world.attempt(ANY_DOOR, { key: await other.token(claims), requestId: requestIds[1] ?? '' });
    const rows = await world.gateway.sql<{ principal_id: string }>(
      'SELECT DISTINCT principal_id FROM audit_records WHERE request_id = ANY($1)',
      [requestIds],
    );
    expect(rows).toHaveLength(2);
  });
});

describe('names that differ behind a separator', () => {
  it('are customers of their own', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['up'] });
    const customers = ['c', 'c:1', 'c:1:2', 'c,1', 'c|1', 'c/1', '1:c', 'C'];
    for (const user_id of customers.slice(1)) {
      await manage(world.gateway, '/customer/new', { user_id, object_permission: toolOf('up', 'add') });
    }
    await manage(world.gateway, '/customer/new', { user_id: 'c', object_permission: toolOf('up', 'echo') });
    for (const door of DOORS) {
      for (const customer of [...customers, ...customers]) {
        const headers = { 'x-gatehouse-customer-id': customer };
        const answer = await world.attempt(door, { key, headers });
        expect([door.name, customer, answer.kind]).toEqual([door.name, customer, customer === 'c' ? 'ok' : 'refused']);
      }
    }
    expect(world.upstream.callCount).toBe(2 * DOORS.length);
  });

  it('have limits of their own', async () => {
    const near = randomUUID();
    const team = (team_id: string, limits: object): Promise<object> =>
      manage(world.gateway, '/team/new', { team_id, object_permission: { mcp_servers: ['up'] }, ...limits });
    await team(near, { mcp_rpm_limit: { up: 100 } });
    await team(`${near}:${serverId}`, { rpm_limit: 1 });
    await team(`${serverId}:${near}`, { rpm_limit: 1 });
    const keyOf = (team_id: string): Promise<string> => makeKey(world.gateway, {}, { team_id });
    const busy = await keyOf(near);
    for (const door of DOORS) expect((await world.attempt(door, { key: busy })).kind).toBe('ok');
    for (const quiet of [`${near}:${serverId}`, `${serverId}:${near}`]) {
      expect([quiet, (await world.attempt(ANY_DOOR, { key: await keyOf(quiet) })).kind]).toEqual([quiet, 'ok']);
    }
  });
});

describe('decisions', () => {
  const scopes: readonly [path: string, servers: string | null, lists: readonly string[] | 403][] = [
    ['/mcp', null, ['up-echo']],
    ['/mcp', 'up', ['up-echo']],
    ['/mcp', ' up ,', ['up-echo']],
    ['/mcp', 'upper', 403],
    ['/mcp', 'up,upper', 403],
    ['/mcp', 'all', 403],
    ['/mcp', 'internal:all', 403],
    ['/mcp', '["up"]', 403],
    ['/mcp', '', 403],
    ['/mcp', ',', 403],
    ['/mcp/up', null, ['echo']],
    ['/mcp/up', 'upper', ['echo']],
    ['/mcp/up,up', null, ['up-echo']],
    ['/mcp/up%2Cup', null, ['up-echo']],
    ['/mcp/up,upper', null, 403],
    ['/mcp/up%2Cupper', null, 403],
    ['/mcp/up%252Cupper', null, 403],
    ['/mcp/,', null, 403],
    ['/up/mcp', null, ['echo']],
    ['/up,upper/mcp', null, 403],
    ['/upper/mcp', null, 403],
    ['/upp/mcp', null, 403],
  ];

  it('are remembered for one caller and one scope, in whatever order they are asked for', async () => {
    const [narrow, wide] = [
      await makeKey(world.gateway, toolOf('up', 'echo') as Record<string, unknown>),
      await makeKey(world.gateway, { mcp_servers: ['up', 'upper'] }),
    ];
    const list = (key: string, path: string, servers: string | null) =>
      listOnMcp(world.gateway.url, path, { key, ...(servers !== null && { headers: { 'x-mcp-servers': servers } }) });
    for (const order of [scopes, scopes.toReversed(), scopes]) {
      for (const [path, servers, expected] of order) {
        await list(wide, path, servers);
        const tools = expected === 403 ? [] : expected;
        const status = expected === 403 ? 403 : 200;
        expect([path, servers, await list(narrow, path, servers)]).toEqual([path, servers, { status, tools }]);
      }
    }
  });
});

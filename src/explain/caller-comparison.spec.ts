import { describe, expect, it } from '@jest/globals';
import { level, mcpServer, policyWorld, principalWith, snapshotOf } from '../../test/permissions/policy-fixtures.js';
import type { RecordedCalls } from '../audit/audit-reader.js';
import type { ObjectPermission } from '../auth/object-permission.js';
import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { CallerComparison, type ReplayedCalls, type Standing } from './caller-comparison.js';

const BETA = mcpServer({ id: 'id-beta', alias: 'beta' });
const TOOLS = ['read', 'write'];
const GRANTS = { mcp_servers: ['alpha', 'beta'] };
const INSIDE = '10.0.0.1';
const OUTSIDE = '203.0.113.5';

interface State {
  readonly server?: Partial<McpServer>;
  readonly grants?: Partial<ObjectPermission>;
  readonly caller?: Partial<Principal> | null;
}

function standing({ server = {}, grants = GRANTS, caller = {} }: State): Standing {
  const world = policyWorld(snapshotOf([mcpServer({ id: 'id-alpha', alias: 'alpha', ...server }), BETA]));
  return { world, principal: caller === null ? null : principalWith([level('key', grants)], caller) };
}

function compare(before: State, after: State): CallerComparison {
  return new CallerComparison(standing(before), standing(after), true);
}

const calls = (fields: Partial<RecordedCalls>): RecordedCalls => ({
  principalId: 'key-1',
  customerId: null,
  serverId: 'id-alpha',
  tool: 'write',
  path: '/mcp',
  sourceAddress: INSIDE,
  count: 1,
  last: new Date(),
  ...fields,
});

const deny = { tool: 'write', when: 'has(args.force)', effect: 'deny', message: null } as const;
const HIDDEN = { availableOnPublicInternet: false };
const NO_WRITE = { server: { disallowedTools: ['write'] } };
const BETA_ONLY = { grants: { mcp_servers: ['beta'] } };
const REST_ONLY = { caller: { allowedRoutes: ['/mcp-rest/*'] } };

describe('replay', () => {
  const cases: readonly [string, State, State, Partial<RecordedCalls>, ReplayedCalls][] = [
    ['a draft of nothing', {}, {}, {}, 'same'],
    ['a tool that the server loses', {}, NO_WRITE, {}, 'refused'],
    ['another tool', {}, NO_WRITE, { tool: 'read' }, 'same'],
    ['what is refused now is no loss', NO_WRITE, NO_WRITE, {}, 'same'],
    ['what becomes allowed', NO_WRITE, {}, {}, 'same'],
    ['a key that is blocked', {}, { caller: null }, {}, 'refused'],
    ['a key that is blocked now', { caller: null }, {}, {}, 'same'],
    [
      'a server that is lost, on the path of both',
      {},
      BETA_ONLY,
      { serverId: 'id-beta', path: '/mcp/alpha,beta' },
      'refused',
    ],
    ['a server that is lost, on another path', {}, BETA_ONLY, { serverId: 'id-beta', path: '/beta/mcp' }, 'same'],
    ['a client outside of a server that is hidden', {}, { server: HIDDEN }, { sourceAddress: OUTSIDE }, 'refused'],
    ['a client inside of it', {}, { server: HIDDEN }, {}, 'same'],
    ['a client that is not known', {}, { server: HIDDEN }, { sourceAddress: null }, 'refused'],
    ['a route that is closed', {}, REST_ONLY, {}, 'refused'],
    ['a route that stays open', {}, REST_ONLY, { path: '/mcp-rest/tools/call' }, 'same'],
    ['a route that was not recorded', {}, REST_ONLY, { path: null }, 'path_not_recorded'],
    ['routes that do not change', REST_ONLY, REST_ONLY, { path: null }, 'same'],
    ['a condition', {}, { server: { argumentRules: [deny] } }, {}, 'arguments_not_recorded'],
    ['a condition about another tool', {}, { server: { argumentRules: [deny] } }, { tool: 'read' }, 'same'],
    ['a condition that goes', { server: { argumentRules: [deny] } }, {}, {}, 'same'],
    [
      'a condition on a tool that is lost',
      {},
      { server: { argumentRules: [deny], ...NO_WRITE.server } },
      {},
      'refused',
    ],
  ];
  it.each(cases)('%s', (_name, before, after, recorded, expected) => {
    expect(compare(before, after).replay(calls(recorded))).toBe(expected);
  });
});

describe('change', () => {
  const named = (before: State, after: State): unknown => {
    const change = compare(before, after).change(() => TOOLS);
    return Object.fromEntries(
      Object.entries(change).map(([what, places]) => [
        what,
        (places as typeof change.lost).map(({ server, tools, from }) => [server.alias, tools, from]),
      ]),
    );
  };

  it('tells tools, and from where they can be used', () => {
    expect(named({}, NO_WRITE)).toEqual({ lost: [['alpha', ['write'], 'anywhere']], gained: [], undecidable: [] });
    expect(named({ server: HIDDEN }, {})).toEqual({ lost: [], gained: [['alpha', TOOLS, 'outside']], undecidable: [] });
    expect(named({ server: HIDDEN }, BETA_ONLY)).toMatchObject({ lost: [['alpha', TOOLS, 'inside']] });
  });

  it('tells tools whose arguments are looked at in another way, be it stricter or not', () => {
    const strict = { server: { argumentRules: [deny] } };
    const expected = { lost: [], gained: [], undecidable: [['alpha', ['write'], 'anywhere']] };
    expect(named({}, strict)).toEqual(expected);
    expect(named(strict, {})).toEqual(expected);
    expect(named(strict, strict)).toEqual({ lost: [], gained: [], undecidable: [] });
  });
});

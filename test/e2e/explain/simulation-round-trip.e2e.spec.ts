import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChangedPrincipalView, ChangedToolsView, SimulationView } from '../../../src/explain/simulate.views.js';
import { manage } from '../support/identities.js';
import { KEY_NAMES, OUTSIDE, SimulationWorld, type Cast, type KeyName, type TestCall } from './simulation-world.js';

const PATH = '/v1/mcp/permissions/simulate';

type Change = { readonly kind: string; readonly id: string } & Readonly<Record<string, unknown>>;

interface Draft {
  readonly name: string;
  readonly change: (cast: Cast) => Change;
  /** What the change makes of the calls; the test also fails when a draft turns out to change nothing. */
  readonly refuses: number;
  /** Calls that may be refused, depending on arguments. */
  readonly undecidable?: number;
  /** A key gains something. */
  readonly gains?: KeyName;
}

const none = ['no-mcp-servers'];
const deny = { tool: '*', when: 'has(args.a)', effect: 'deny' };

/** Every kind of change, each on a cast of its own. */
const DRAFTS: readonly Draft[] = [
  {
    name: 'a team is limited to one tool',
    change: ({ ids, servers: { a } }) => {
      const mcp_tool_permissions = { [a.alias]: ['echo'] };
      return { kind: 'team', id: ids.team, object_permission: { mcp_servers: null, mcp_tool_permissions } };
    },
    refuses: 4,
  },
  {
    name: 'tools are blocked for a team',
    change: ({ ids }) => ({ kind: 'team', id: ids.team, object_permission: { blocked_tools: ['add'] } }),
    refuses: 2,
  },
  { name: 'a team is blocked', change: ({ ids }) => ({ kind: 'team', id: ids.team, blocked: true }), refuses: 7 },
  {
    name: 'a team gets a condition on arguments',
    change: ({ ids }) => ({ kind: 'team', id: ids.team, argument_rules: [deny] }),
    refuses: 0,
    undecidable: 7,
  },
  {
    name: 'a key gets another server',
    change: ({ keys, servers: { b } }) => {
      return { kind: 'key', id: keys.plain.key, object_permission: { mcp_servers: [b.alias] } };
    },
    refuses: 2,
    gains: 'plain',
  },
  {
    name: 'a key is blocked',
    change: ({ keys }) => ({ kind: 'key', id: keys.plain.token, blocked: true }),
    refuses: 2,
  },
  {
    name: 'a key is kept to one door',
    change: ({ keys }) => ({ kind: 'key', id: keys.inTeam.token, allowed_routes: ['/mcp-rest/*'] }),
    refuses: 5,
  },
  {
    name: 'a key moves to another team',
    change: ({ keys, ids }) => ({ kind: 'key', id: keys.inTeam.token, team_id: ids.otherTeam }),
    refuses: 4,
    gains: 'inTeam',
  },
  {
    name: 'a key loses its access groups',
    change: ({ keys }) => ({ kind: 'key', id: keys.unified.token, access_group_ids: [] }),
    refuses: 2,
  },
  {
    name: 'a key gets a condition on arguments',
    change: ({ keys }) => ({ kind: 'key', id: keys.plain.token, argument_rules: [{ ...deny, tool: 'add' }] }),
    refuses: 0,
    undecidable: 1,
  },
  {
    name: 'a user gets a ceiling',
    change: ({ ids, servers: { a } }) => {
      return { kind: 'user', id: ids.user, object_permission: { mcp_servers: [a.alias] } };
    },
    refuses: 3,
  },
  {
    name: 'a user becomes an admin',
    change: ({ ids }) => ({ kind: 'user', id: ids.user, user_role: 'proxy_admin' }),
    refuses: 0,
    gains: 'ofUser',
  },
  {
    name: 'a customer gets a ceiling',
    change: ({ ids, servers: { a } }) => {
      return { kind: 'customer', id: ids.customer, object_permission: { mcp_servers: [a.alias] } };
    },
    refuses: 1,
  },
  {
    name: 'a customer is blocked',
    change: ({ ids }) => ({ kind: 'customer', id: ids.customer, blocked: true }),
    refuses: 1,
  },
  {
    name: 'an agent gets nothing',
    change: ({ ids }) => ({ kind: 'agent', id: ids.agent, object_permission: { mcp_servers: none } }),
    refuses: 7,
  },
  {
    name: 'an organisation gets a ceiling',
    change: ({ ids, servers: { b } }) => {
      return { kind: 'organization', id: ids.organization, object_permission: { mcp_servers: [b.alias] } };
    },
    refuses: 4,
  },
  {
    name: 'an access group loses a server',
    change: ({ unifiedGroup, servers: { a } }) => {
      return { kind: 'access_group', id: unifiedGroup, access_mcp_server_ids: [a.alias] };
    },
    refuses: 1,
  },
  {
    name: 'a server leaves its access group',
    change: ({ servers: { a } }) => ({ kind: 'server', id: a.id, mcp_access_groups: [] }),
    refuses: 1,
  },
  {
    name: 'a server comes into an access group',
    change: ({ servers: { d }, group }) => ({ kind: 'server', id: d.id, mcp_access_groups: [group] }),
    refuses: 0,
    gains: 'grouped',
  },
  {
    name: 'a server disallows a tool',
    change: ({ servers: { a } }) => ({ kind: 'server', id: a.id, disallowed_tools: ['ECHO'] }),
    refuses: 6,
  },
  {
    name: 'a server allows one tool',
    change: ({ servers: { b } }) => ({ kind: 'server', id: b.id, allowed_tools: ['add'] }),
    refuses: 2,
  },
  {
    name: 'a server allows no tool',
    change: ({ servers: { b } }) => ({ kind: 'server', id: b.id, mcp_info: { tool_allowlist_enforced: true } }),
    refuses: 3,
  },
  {
    name: 'a server is opened to all',
    change: ({ servers: { d } }) => ({ kind: 'server', id: d.id, allow_all_keys: true }),
    refuses: 0,
    gains: 'plain',
  },
  {
    name: 'a server is no longer open to all',
    change: ({ servers: { c } }) => ({ kind: 'server', id: c.id, allow_all_keys: false }),
    refuses: 1,
  },
  {
    name: 'a server is hidden from outside',
    change: ({ servers: { a } }) => ({ kind: 'server', id: a.id, available_on_public_internet: false }),
    refuses: 1,
  },
  {
    name: 'a server limits the names of arguments',
    change: ({ servers: { b } }) => ({ kind: 'server', id: b.id, allowed_params: { echo: ['text'] } }),
    refuses: 0,
    undecidable: 2,
  },
  {
    name: 'a server gets a condition on arguments',
    change: ({ servers: { a } }) => ({ kind: 'server', id: a.id, argument_rules: [{ ...deny, tool: 'add' }] }),
    refuses: 0,
    undecidable: 2,
  },
];

/** One call of every kind: several doors, keys and tools, from outside, and for a customer. */
function callsOf({ servers: { a, b, c }, keys, ids }: Cast): TestCall[] {
  const { inTeam, plain, grouped, unified } = keys;
  const rest = '/mcp-rest/tools/call';
  return [
    { key: inTeam, path: '/mcp', tool: `${a.alias}-echo` },
    { key: inTeam, path: `/mcp/${a.alias},${b.alias}`, tool: `${a.alias}-echo` },
    { key: inTeam, path: `/${b.alias}/mcp`, tool: 'add' },
    { key: inTeam, path: rest, tool: `${a.alias}/add` },
    { key: inTeam, path: rest, tool: `${a.alias}/echo`, headers: OUTSIDE },
    { key: inTeam, path: '/mcp', tool: `${b.alias}-echo`, headers: { 'x-gatehouse-customer-id': ids.customer } },
    { key: inTeam, path: '/mcp', tool: `${c.alias}-echo` },
    { key: plain, path: '/mcp', tool: `${a.alias}-echo` },
    { key: plain, path: rest, tool: `${a.alias}/add` },
    { key: grouped, path: '/mcp', tool: `${a.alias}-echo` },
    { key: unified, path: '/mcp', tool: `${b.alias}-echo` },
    { key: unified, path: `/mcp/${a.alias}`, tool: 'echo' },
  ];
}

const UPDATES: Readonly<Record<string, readonly [path: string, idField: string]>> = {
  key: ['/key/update', 'key'],
  team: ['/team/update', 'team_id'],
  user: ['/user/update', 'user_id'],
  customer: ['/customer/update', 'user_id'],
  agent: ['/agent/update', 'agent_id'],
  organization: ['/organization/update', 'organization_id'],
  access_group: ['/access_group/update', 'access_group_id'],
};

describe('a simulation tells what the change does', () => {
  let world: SimulationWorld;
  beforeAll(async () => {
    world = await SimulationWorld.start();
  });
  afterAll(() => world.close());

  async function apply({ kind, id, ...fields }: Change): Promise<void> {
    if (kind === 'server') {
      const answer = await world.gateway.admin('PUT', '/v1/mcp/server', { server_id: id, ...fields });
      expect(answer.status).toBe(202);
      return;
    }
    const [path, idField] = UPDATES[kind] ?? ['', ''];
    await manage(world.gateway, path, { [idField]: id, ...fields });
  }

  /** Makes the calls. @returns how many were refused, and how many reached the upstream */
  async function make(calls: readonly TestCall[]): Promise<{ refused: number; sent: number }> {
    const before = world.upstream.callCount;
    let refused = 0;
    for (const call of calls) if (await world.isRefused(call)) refused++;
    return { refused, sent: world.upstream.callCount - before };
  }

  /** Tools of every key, from inside and from outside, and of one with a customer. */
  async function lists({ keys, ids }: Cast, isOfCustomer: boolean): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const found = new Map<string, ReadonlySet<string>>();
    for (const name of KEY_NAMES) {
      found.set(`${name} inside`, await world.tools(keys[name], {}));
      found.set(`${name} outside`, await world.tools(keys[name], OUTSIDE));
    }
    if (!isOfCustomer) return found;
    const forCustomer = { 'x-gatehouse-customer-id': ids.customer };
    found.set('customer inside', await world.tools(keys.inTeam, forCustomer));
    found.set('customer outside', await world.tools(keys.inTeam, { ...forCustomer, ...OUTSIDE }));
    return found;
  }

  it.each(DRAFTS)('when $name', async ({ change: changeOf, refuses, undecidable = 0, gains }) => {
    const cast = await world.cast();
    const calls = callsOf(cast);
    expect(await make(calls)).toEqual({ refused: 0, sent: calls.length });
    const change = changeOf(cast);
    const isOfCustomer = change.kind === 'customer';
    const before = await lists(cast, isOfCustomer);

    const report = await manage<SimulationView>(world.gateway, PATH, { changes: [change] });
    expect(await lists(cast, isOfCustomer)).toEqual(before);
    expect(report.refused_calls.count).toBe(refuses);
    expect(report.undecidable_calls.count).toBe(undecidable);

    await apply(change);
    const after = await lists(cast, isOfCustomer);
    const again = await make(calls);
    expect(again.sent).toBe(calls.length - again.refused);
    if (undecidable === 0) expect(again.refused).toBe(refuses);
    else {
      expect(again.refused).toBeGreaterThan(refuses);
      expect(again.refused).toBeLessThanOrEqual(refuses + undecidable);
    }
    for (const [name, tools] of before) {
      const [who = '', place = ''] = name.split(' ');
      const told = toldOf(report, cast, who);
      expect({ name, tools: without(tools, after.get(name)) }).toEqual({ name, tools: named(told?.lost, place) });
      expect({ name, tools: without(after.get(name), tools) }).toEqual({ name, tools: named(told?.gained, place) });
    }
    if (gains !== undefined) expect(toldOf(report, cast, gains)?.gained).not.toEqual([]);
  });
});

function toldOf({ principals }: SimulationView, { keys, ids }: Cast, who: string): ChangedPrincipalView | undefined {
  const customerId = who === 'customer' ? ids.customer : null;
  const { token } = who === 'customer' ? keys.inTeam : keys[who as KeyName];
  return principals.find(({ principal_id, customer_id }) => principal_id === token && customer_id === customerId);
}

function named(views: readonly ChangedToolsView[] = [], place: string): string[] {
  const there = views.filter(({ from }) => from === 'anywhere' || from === place);
  return there.flatMap(({ server, tools }) => tools.map((tool) => `${server}-${tool}`)).toSorted();
}

function without(tools: ReadonlySet<string> = new Set(), others: ReadonlySet<string> = new Set()): string[] {
  return [...tools].filter((tool) => !others.has(tool)).toSorted();
}

import * as fc from 'fast-check';
import type { ObjectPermission } from '../../src/auth/object-permission.js';
import type { GrantLevel, LevelKind, Principal, Role } from '../../src/auth/principal.js';
import type { McpServer } from '../../src/mcp-servers/mcp-server.js';
import type { AccessRequest, PathScope } from '../../src/permissions/access-request.js';
import type { PolicyToolset, PolicyWorld } from '../../src/permissions/policy-world.js';
import { mcpServer, policyWorld, principalWith, snapshotOf } from './policy-fixtures.js';

export interface Situation {
  readonly world: PolicyWorld;
  readonly principal: Principal;
  readonly request: AccessRequest;
}

/** What every server of a random world offers. One is named as if it were another server's. */
export const OFFERED: readonly string[] = ['read', 'writeAll', 'send', 'beta-read'];
export const LEVEL_KINDS: readonly LevelKind[] = ['key', 'team', 'user', 'customer', 'agent', 'organization'];

const NAMES = ['alpha', 'beta', 'Gamma', 'delta', 'omega'];
/** One group is named like a server. */
const GROUPS = ['dev', 'ops', 'alpha'];
const idOf = (name: string): string => `00000000-${name}`;
const REFERENCES = [
  ...NAMES,
  // More than one spelling of one server in a list must not be rare.
  'ALPHA',
  'Alpha',
  ...NAMES.map(idOf),
  ...NAMES.map((name) => `${name}_service`),
  'Beta_Service',
  'nothing-of-that-name',
  'dev',
];
const TOOL_ENTRIES = [
  ...OFFERED,
  '*',
  'READ',
  'alpha-read',
  'Alpha-WriteAll',
  'WRITEALL',
  'beta_service-send',
  `${idOf('Gamma')}-read`,
];

const subset = (values: readonly string[], maxLength = 3): fc.Arbitrary<string[]> =>
  fc.subarray([...values], { maxLength: Math.min(maxLength, values.length) });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 2 });
const rarely = fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0);

function server(name: string): fc.Arbitrary<McpServer> {
  return fc
    .record({
      accessGroups: subset(GROUPS),
      allowAllKeys: rarely,
      availableOnPublicInternet: fc.boolean(),
      allowedTools: fc.oneof(
        { weight: 3, arbitrary: fc.constant<string[]>([]) },
        { weight: 1, arbitrary: subset(TOOL_ENTRIES) },
      ),
      disallowedTools: fc.oneof(
        { weight: 3, arbitrary: fc.constant<string[]>([]) },
        { weight: 1, arbitrary: subset(TOOL_ENTRIES, 1) },
      ),
      toolAllowlistEnforced: rarely,
      submittedBy: fc.constantFrom(null, 'user-1'),
      alias: fc.constantFrom(name, null),
    })
    .map((fields) => mcpServer({ id: idOf(name), name: `${name}_service`, ...fields }));
}

function toolset(name: string): fc.Arbitrary<PolicyToolset> {
  return fc
    .dictionary(
      fc.constantFrom(...NAMES.map(idOf)),
      subset(OFFERED).map((tools) => new Set(tools)),
      { maxKeys: 3 },
    )
    .map((rows) => ({
      id: `id-${name}`,
      name,
      tools: new Map(Object.entries(rows).filter(([, tools]) => tools.size > 0)),
    }));
}

const world: fc.Arbitrary<PolicyWorld> = fc
  .record({
    servers: fc.tuple(...NAMES.map(server)).chain((all) => fc.subarray(all, { minLength: 1 })),
    publicIds: subset(NAMES.map(idOf)),
    toolsets: fc.tuple(toolset('triage'), toolset('cleanup')),
    group: subset(NAMES.map(idOf)),
  })
  .map(({ servers, publicIds, toolsets, group }) =>
    policyWorld(snapshotOf(servers, publicIds), toolsets, { unified: group }),
  );

const objectPermission: fc.Arbitrary<ObjectPermission> = fc.record({
  mcp_servers: maybe(
    fc
      .tuple(subset(REFERENCES), subset(['all-proxy-mcpservers', 'all-team-mcpservers']), rarely, rarely)
      .map(([named, special, withSpecial, none]) => [
        ...named,
        ...(withSpecial ? special : []),
        ...(none ? ['no-mcp-servers'] : []),
      ]),
  ),
  mcp_access_groups: maybe(subset([...GROUPS, 'DEV'])),
  mcp_tool_permissions: maybe(
    fc.dictionary(fc.constantFrom(...REFERENCES), maybe(subset(TOOL_ENTRIES)), { maxKeys: 3 }),
  ),
  mcp_toolsets: maybe(subset(['triage', 'id-cleanup', 'Triage'])),
  blocked_tools: maybe(subset(TOOL_ENTRIES, 1)),
});

function levelOf(kind: LevelKind): fc.Arbitrary<GrantLevel> {
  return fc.record({
    kind: fc.constant(kind),
    id: fc.constant(`${kind}-1`),
    objectPermission: maybe(objectPermission),
    accessGroupIds: kind === 'key' || kind === 'team' ? rarely.map((has) => (has ? ['unified'] : [])) : fc.constant([]),
    closed: rarely,
  });
}

const principal: fc.Arbitrary<Principal> = fc
  .record({
    levels: fc.tuple(...LEVEL_KINDS.map(levelOf)).chain((all) => fc.subarray(all)),
    role: fc.constantFrom<Role>('proxy_admin', 'proxy_admin_viewer', 'internal_user'),
    userId: fc.constantFrom(null, 'user-1', 'user-2'),
    allowedRoutes: fc.constantFrom<string[]>([], [], ['mcp_routes'], ['/key/info']),
    levelMissing: rarely,
  })
  .map(({ levels, ...fields }) => principalWith(levels, fields));

export const pathScope: fc.Arbitrary<PathScope> = fc.oneof(
  fc.constant<PathScope>({ kind: 'all' }),
  fc.constantFrom(...REFERENCES).map((reference): PathScope => ({ kind: 'server', reference })),
  subset([...REFERENCES, ...GROUPS, '']).map((references): PathScope => ({ kind: 'list', references })),
  fc.constantFrom('triage', 'cleanup', 'Triage').map((name): PathScope => ({ kind: 'toolset', name })),
);

const request: fc.Arbitrary<AccessRequest> = fc.record({
  route: fc.constant('/mcp'),
  scope: pathScope,
  serversHeader: maybe(subset([...REFERENCES, ...GROUPS]).map((names) => names.join(' , '))),
  external: fc.boolean(),
});

export const situation: fc.Arbitrary<Situation> = fc.record({ world, principal, request });

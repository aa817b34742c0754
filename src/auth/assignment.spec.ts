import { describe, expect, it } from '@jest/globals';
import { grants, knownKey, silentLevel } from '../../test/auth/auth-fixtures.js';
import { describeOffences, offencesAgainst, offencesOf, type AssignedGrants, type TeamGrants } from './assignment.js';
import type { GrantExcess } from './grant-reach.js';
import { newKey } from './key-token.js';
import type { ObjectPermission } from './object-permission.js';

const OPEN = new Set(['id-open']);
const NOTHING: AssignedGrants = {
  servers: new Map(),
  special: [],
  accessGroups: [],
  toolsets: new Map(),
  unifiedGroups: [],
};

function team(permission: Partial<ObjectPermission>, servers: string[], accessGroupIds: string[] = []): TeamGrants {
  const level = silentLevel('team', 't', { objectPermission: grants(permission), accessGroupIds });
  return { level, servers: new Set(servers) };
}

const SILENT = team({}, []);
const ALPHA = team(
  { mcp_servers: ['id-alpha'], mcp_access_groups: ['ops'], mcp_toolsets: ['id-T'] },
  ['id-alpha'],
  ['u1'],
);

const server = (name: string, id: string | undefined = `id-${name}`): Partial<AssignedGrants> => ({
  servers: new Map([[name, id]]),
});
const GONE: Partial<AssignedGrants> = { servers: new Map([['gone', undefined]]) };

const toolset = (name: string): Partial<AssignedGrants> => ({ toolsets: new Map([[name, `id-${name}`]]) });
const NO_TOOLSET: Partial<AssignedGrants> = { toolsets: new Map([['gone', undefined]]) };

type Giver = 'admin' | 'other';
type Row = [what: string, requested: Partial<AssignedGrants>, team: TeamGrants | null, giver: Giver, refused: string[]];

describe('offencesOf', () => {
  it.each<Row>([
    ['a server of the team', server('alpha'), ALPHA, 'other', []],
    ['an open server', server('open'), ALPHA, 'other', []],
    ['an open server', server('open'), SILENT, 'other', []],
    ['an open server', server('open'), null, 'other', []],
    ['a server that the team does not have', server('beta'), ALPHA, 'other', ['beta']],
    ['a server that the team does not have', server('beta'), ALPHA, 'admin', ['beta']],
    ['a server when the team says nothing', server('alpha'), SILENT, 'admin', ['alpha']],
    ['any server without a team', server('beta'), null, 'admin', []],
    ['any server without a team', server('beta'), null, 'other', ['beta']],
    ['a name that is not there', GONE, ALPHA, 'admin', []],
    ['a name that is not there', GONE, ALPHA, 'other', ['gone']],
    ['a name that is not there', GONE, null, 'other', ['gone']],
    ['a group of the team', { accessGroups: ['ops'] }, ALPHA, 'other', []],
    ['another group', { accessGroups: ['ops', 'dev'] }, ALPHA, 'admin', ['dev']],
    ['a group when the team has none', { accessGroups: ['ops'] }, SILENT, 'admin', ['ops']],
    ['any group without a team', { accessGroups: ['ops'] }, null, 'admin', []],
    ['any group without a team', { accessGroups: ['ops'] }, null, 'other', ['ops']],
    ['a unified group of the team', { unifiedGroups: ['u1'] }, ALPHA, 'other', []],
    ['another unified group', { unifiedGroups: ['u2'] }, ALPHA, 'admin', ['u2']],
    ['any unified group without a team', { unifiedGroups: ['u1'] }, null, 'other', ['u1']],
    ['a toolset of the team', toolset('T'), ALPHA, 'other', []],
    ['another toolset', toolset('U'), ALPHA, 'admin', ['U']],
    ['a toolset that is not there', NO_TOOLSET, ALPHA, 'admin', ['gone']],
    ['any toolset when the team lists none', toolset('U'), SILENT, 'other', []],
    ['a toolset that is not there when the team lists none', NO_TOOLSET, SILENT, 'admin', []],
    ['a toolset that is not there when the team lists none', NO_TOOLSET, SILENT, 'other', ['gone']],
    ['any toolset without a team', toolset('U'), null, 'admin', []],
    ['any toolset without a team', toolset('U'), null, 'other', ['U']],
    ['saying no', { special: ['no-mcp-servers'] }, null, 'other', []],
    ['what the team has', { special: ['all-team-mcpservers'] }, ALPHA, 'other', []],
    ['everything without a team', { special: ['all-proxy-mcpservers'] }, null, 'admin', []],
    ['everything without a team', { special: ['all-proxy-mcpservers'] }, null, 'other', ['all-proxy-mcpservers']],
    ['everything in a team', { special: ['all-proxy-mcpservers'] }, ALPHA, 'admin', ['all-proxy-mcpservers']],
    [
      'everything in a team that has everything',
      { special: ['all-proxy-mcpservers'] },
      team({ mcp_servers: ['all-proxy-mcpservers'] }, ['id-alpha', 'id-beta']),
      'other',
      [],
    ],
  ])('%s: %j', (_what, requested, ofTeam, giver, refused) => {
    const assignment = { grants: { ...NOTHING, ...requested }, team: ofTeam, byAdmin: giver === 'admin', open: OPEN };
    expect(offencesOf(assignment).flatMap((offence) => offence.refused)).toEqual(refused);
  });

  it('tells what could be given', () => {
    const assignment = { grants: { ...NOTHING, ...server('beta') }, team: ALPHA, byAdmin: false, open: OPEN };
    expect(offencesOf(assignment)).toEqual([{ what: 'servers', refused: ['beta'], possible: ['id-alpha', 'id-open'] }]);
  });
});

describe('offencesAgainst', () => {
  const none: GrantExcess = { servers: [], tools: [], unblocked: [], silent: false, reopened: false };
  const rule = { tool: '*', when: 'false', effect: 'deny', message: null } as const;
  const ruled = (...argumentRules: (typeof rule)[]) => silentLevel('key', 'k', { argumentRules });

  it('finds nothing when a key allows no more', () => {
    const maker = knownKey(newKey(), { allowedRoutes: ['mcp_routes'], guardrails: ['g'], level: ruled(rule) });
    const made = knownKey(newKey(), { allowedRoutes: ['/mcp'], guardrails: ['g', 'h'], level: ruled({ ...rule }) });
    expect(offencesAgainst(made, maker, none)).toEqual([]);
  });

  it('finds lost routes, rules and guardrails', () => {
    const maker = knownKey(newKey(), { allowedRoutes: ['/mcp'], guardrails: ['g'], level: ruled(rule) });
    const offences = offencesAgainst(knownKey(newKey()), maker, none);
    expect(offences.map(({ refused }) => refused)).toEqual([['*'], ['*'], ['g']]);
  });

  it('finds what the grants exceed', () => {
    const excess = { servers: ['alpha'], tools: ['beta'], unblocked: ['drop'], silent: false, reopened: true };
    const offences = offencesAgainst(knownKey(newKey()), knownKey(newKey()), excess);
    expect(offences.map(({ refused }) => refused)).toEqual([['alpha'], ['beta'], ['drop'], ['no-mcp-servers']]);
    expect(offencesAgainst(knownKey(newKey()), knownKey(newKey()), { ...none, silent: true })).toHaveLength(1);
  });
});

describe('describeOffences', () => {
  it('names what is refused and what is possible, and ends somewhere', () => {
    const names = Array.from({ length: 22 }, (_, index) => `n${index}`);
    expect(describeOffences([{ what: 'servers', refused: ['beta'], possible: [] }])).toBe(
      'The key cannot be given these servers: "beta". Possible: none.',
    );
    expect(describeOffences([{ what: 'servers', refused: names, possible: ['a'] }])).toMatch(
      /"n19" and 2 more\. Possible: "a"\.$/,
    );
  });
});

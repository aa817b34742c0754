import { describe, expect, it } from '@jest/globals';
import { knownKey, knownTeam, knownUser, LevelsInMemory } from '../../test/auth/auth-fixtures.js';
import { principalWith } from '../../test/permissions/policy-fixtures.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { KeyAuthority } from './key-authority.js';
import { MASTER_PRINCIPAL } from './key-principal.js';
import type { KeyOwners } from './key-fields.js';
import { TeamAuthority } from './levels/team-authority.js';
import type { Principal } from './principal.js';

const levels = new LevelsInMemory();
levels.put('user', knownUser('ada'));
levels.put('user', knownUser('bob'));
levels.put('user', knownUser('root', { role: 'proxy_admin' }));
const members = new Map([
  ['ada', 'admin'],
  ['bob', 'user'],
  ['root', 'user'],
] as const);
levels.put('team', knownTeam('a', { members }));
levels.put('team', knownTeam('b', { members: new Map([['eve', 'admin']]) }));
levels.put('team', knownTeam('c', { members: new Map([['bob', 'user']]) }));

const calling = knownKey('sk-calling', { organizationId: 'o', agentId: 'bot' });
const authority = new KeyAuthority(new TeamAuthority(levels), levels, {
  find: (hash) => (hash === calling.token ? calling : undefined),
});

const caller = (fields: Partial<Principal>): Principal =>
  principalWith([], { keyHash: calling.token, organizationId: 'of-team', agentId: 'bot', ...fields });
const ada = caller({ userId: 'ada' });
const bob = caller({ userId: 'bob' });
const nobody = caller({});

const owners = (fields: Partial<KeyOwners>): KeyOwners => ({
  user_id: null,
  team_id: null,
  organization_id: null,
  agent_id: null,
  ...fields,
});

function attempt(who: Principal, written: Partial<KeyOwners>, before: KeyOwners | null = null): string {
  try {
    authority.ownersAfter(who, written, before);
    return 'allowed';
  } catch (error) {
    if (error instanceof GatehouseError) return `${error.code}: ${error.publicMessage}`;
    throw error;
  }
}

describe('making keys', () => {
  it.each<[string, Principal, Partial<KeyOwners>]>([
    ['an admin for anybody', MASTER_PRINCIPAL, { user_id: 'x', team_id: 'y', organization_id: 'z', agent_id: 'w' }],
    ['a user for itself', bob, {}],
    ['a user for itself in its team', bob, { team_id: 'a' }],
    ['a team admin for the team', ada, { user_id: null, team_id: 'a' }],
    ['a team admin for a member', ada, { user_id: 'bob', team_id: 'a' }],
    ['a key of a team in that team', caller({ userId: 'bob', teamId: 'a' }), { team_id: 'a' }],
    [
      'an access token with a team in any team',
      caller({ keyHash: null, userId: 'bob', teamId: 'a', organizationId: 'o', agentId: null }),
      { team_id: 'c' },
    ],
  ])('%s', (_who, who, written) => {
    expect(attempt(who, written)).toBe('allowed');
  });

  const refusals = [
    attempt(nobody, {}),
    attempt(caller({ userId: 'bob', role: 'internal_user_viewer' }), {}),
    attempt(caller({ userId: 'bob', role: 'proxy_admin_viewer' }), {}),
    attempt(caller({ userId: 'bob', role: 'customer' }), {}),
    attempt(caller({ userId: 'bob', levelMissing: true }), {}),
    attempt(bob, { user_id: 'ada' }),
    attempt(bob, { user_id: 'nosuch' }),
    attempt(bob, { user_id: null }),
    attempt(bob, { user_id: null, team_id: 'a' }),
    attempt(bob, { team_id: 'b' }),
    attempt(bob, { team_id: 'nosuch' }),
    attempt(ada, { user_id: 'eve', team_id: 'a' }),
    attempt(ada, { user_id: 'bob' }),
    attempt(ada, { user_id: 'root', team_id: 'a' }),
    attempt(ada, { user_id: 'bob', team_id: 'c' }),
    attempt(bob, { organization_id: 'other' }),
    attempt(bob, { organization_id: null }),
    attempt(bob, { agent_id: null }),
    attempt(caller({ userId: 'bob', teamId: 'a' }), {}),
    attempt(caller({ userId: 'bob', teamId: 'a' }), { team_id: 'c' }),
  ];
  it.each(refusals.map((refusal, index) => [index, refusal] as const))('refuses attempt %i', (_index, refusal) => {
    expect(refusal).toMatch(/^forbidden: /);
    expect(refusal).toBe(refusals[0]);
  });

  it('gives a new key the ceilings of the calling one', () => {
    expect(authority.ownersAfter(bob, {}, null)).toEqual(
      owners({ user_id: 'bob', organization_id: 'o', agent_id: 'bot' }),
    );
  });

  it('lets a key stay where it is, and checks where it goes', () => {
    const before = owners({ user_id: 'bob', team_id: 'left-long-ago', organization_id: 'o2' });
    expect(attempt(bob, {}, before)).toBe('allowed');
    expect(attempt(bob, { team_id: 'c' }, before)).toBe('allowed');
    expect(attempt(bob, { team_id: 'b' }, before)).toMatch(/^forbidden/);
    expect(attempt(bob, { user_id: 'ada' }, before)).toMatch(/^forbidden/);
    expect(attempt(bob, { organization_id: null }, before)).toMatch(/^forbidden/);
  });
});

describe('managing and reading keys', () => {
  type Row = [string, Principal, Partial<KeyOwners>, manages: boolean, reads: boolean];
  it.each<Row>([
    ['an admin', MASTER_PRINCIPAL, {}, true, true],
    ['a view-only admin', caller({ userId: 'v', role: 'proxy_admin_viewer' }), {}, false, true],
    ['a restricted admin', caller({ userId: 'root', role: 'proxy_admin', allowedRoutes: ['/x'] }), {}, false, false],
    ['a user: its own', bob, { user_id: 'bob', team_id: 'b' }, true, true],
    ['a user: of its team', bob, { team_id: 'a' }, false, false],
    ['a user: of nobody', bob, {}, false, false],
    ['no user: of nobody', nobody, {}, false, false],
    ['a viewer: its own', caller({ userId: 'bob', role: 'internal_user_viewer' }), { user_id: 'bob' }, false, true],
    ['a team admin: of the team', ada, { user_id: 'bob', team_id: 'a' }, true, true],
    ['a team admin: of an admin in the team', ada, { user_id: 'root', team_id: 'a' }, false, true],
    ['a team admin: of a member elsewhere', ada, { user_id: 'bob', team_id: 'c' }, false, false],
    ['a key of a team: its user elsewhere', caller({ userId: 'bob', teamId: 'a' }), { user_id: 'bob' }, false, false],
    [
      'a key of a team: its user there',
      caller({ userId: 'bob', teamId: 'a' }),
      { user_id: 'bob', team_id: 'a' },
      true,
      true,
    ],
    ['a key of another team of a team admin', caller({ userId: 'ada', teamId: 'c' }), { team_id: 'a' }, false, false],
    ['a caller who is refused', caller({ userId: 'ada', levelMissing: true }), { user_id: 'ada' }, false, false],
  ])('%s', (_who, who, key, manages, reads) => {
    expect(authority.mayManage(who, owners(key))).toBe(manages);
    expect(authority.mayRead(who, { ...owners(key), token: 'other' })).toBe(reads);
    expect(authority.mayRead(who, { ...owners(key), token: calling.token })).toBe(reads || who !== MASTER_PRINCIPAL);
  });
});

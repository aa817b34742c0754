import { describe, expect, it } from '@jest/globals';
import { MASTER_PRINCIPAL } from '../key-principal.js';
import type { Principal } from '../principal.js';
import { BLANK_LEVEL } from './level-fields.js';
import { LevelMemory } from './level-memory.js';
import { assertAmong, TeamAuthority, type Teams } from './team-authority.js';
import { TeamEntity } from './team.entity.js';

const memory = new LevelMemory();
memory.replaceSome('team', ['open', 'blocked'], [teamOfAda('open', false), teamOfAda('blocked', true)]);
const authority = new TeamAuthority({
  find: (kind, id) => memory.level(kind, id),
  teamsManagedBy: (userId) => memory.teamsManagedBy(userId),
});

function teamOfAda(id: string, blocked: boolean): TeamEntity {
  const own = { organization_id: null, access_group_ids: null, argument_rules: [], revision: 1 };
  const members_with_roles = [
    { user_id: 'ada', role: 'admin' },
    { user_id: 'bob', role: 'user' },
  ];
  return Object.assign(new TeamEntity(), BLANK_LEVEL, own, { id, blocked, members_with_roles });
}

function caller(more: Partial<Principal>): Principal {
  return { ...MASTER_PRINCIPAL, kind: 'virtual_key', id: 'k', role: 'internal_user', ...more };
}

const open = new Set(['open']);
const none = new Set();

describe('TeamAuthority', () => {
  it.each<[string, Principal, Teams | Set<unknown>, Teams | Set<unknown>]>([
    ['an admin', MASTER_PRINCIPAL, 'all', 'all'],
    ['a view-only admin', caller({ role: 'proxy_admin_viewer' }), 'all', none],
    ['a restricted key of an admin', caller({ role: 'proxy_admin', allowedRoutes: ['mcp_routes'] }), none, none],
    ['an admin of teams', caller({ userId: 'ada' }), open, open],
    ['an admin of teams who may only look', caller({ userId: 'ada', role: 'internal_user_viewer' }), open, none],
    ['an admin of teams who is refused', caller({ userId: 'ada', levelMissing: true }), none, none],
    ['a member', caller({ userId: 'bob', teamId: 'open' }), none, none],
    ['a key without a user', caller({ teamId: 'open' }), none, none],
  ])('knows the teams of %s', (_, principal, readable, manageable) => {
    expect(authority.readable(principal)).toEqual(readable);
    expect(authority.manageable(principal)).toEqual(manageable);
  });

  it('refuses teams that are not among them', () => {
    expect(() => assertAmong(open, 'open')).not.toThrow();
    expect(() => assertAmong('all', 'any')).not.toThrow();
    expect(() => assertAmong(open, 'other')).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});

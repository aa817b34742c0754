import { describe, expect, it } from '@jest/globals';
import { BLANK_LEVEL } from './level-fields.js';
import { LevelMemory, type AllRows } from './level-memory.js';
import { AccessGroupEntity } from './access-group.entity.js';
import { CustomerEntity } from './customer.entity.js';
import { TeamEntity } from './team.entity.js';
import { UserEntity } from './user.entity.js';

const NOTHING: AllRows = { team: [], user: [], customer: [], agent: [], organization: [], access_group: [] };

function team(id: string, revision: number, more: Partial<TeamEntity> = {}): TeamEntity {
  const own = { organization_id: null, members_with_roles: [], access_group_ids: null, argument_rules: [] };
  return Object.assign(new TeamEntity(), BLANK_LEVEL, own, { id, revision }, more);
}

const admins = (...userIds: string[]) => userIds.map((user_id) => ({ user_id, role: 'admin' as const }));

describe('LevelMemory', () => {
  it('keeps the object of a record that did not change, over single and full loads', () => {
    const memory = new LevelMemory();
    memory.replaceAll({ ...NOTHING, team: [team('a', 1), team('b', 1)] });
    const [a, b] = [memory.level('team', 'a'), memory.level('team', 'b')];
    memory.replaceAll({ ...NOTHING, team: [team('a', 1), team('b', 2)] });
    expect(memory.level('team', 'a')).toBe(a);
    expect(memory.level('team', 'b')).not.toBe(b);
    memory.replaceSome('team', ['a'], [team('a', 1)]);
    expect(memory.level('team', 'a')).toBe(a);
  });

  it('forgets what has no row any more, in one kind only', () => {
    const memory = new LevelMemory();
    const user = Object.assign(new UserEntity(), BLANK_LEVEL, { id: 'a', revision: 1, user_role: 'internal_user' });
    memory.replaceAll({ ...NOTHING, team: [team('a', 1)], user: [user] });
    memory.replaceSome('team', ['a'], []);
    expect(memory.level('team', 'a')).toBeUndefined();
    expect(memory.level('user', 'a')?.role).toBe('internal_user');
    memory.replaceAll(NOTHING);
    expect(memory.level('user', 'a')).toBeUndefined();
  });

  it('knows what a decision needs of a team', () => {
    const memory = new LevelMemory();
    const rule = { tool: '*', when: 'true', effect: 'deny', message: null } as const;
    const row = team('t', 3, {
      permission_closed: true,
      organization_id: 'o',
      members_with_roles: admins('ada'),
      access_group_ids: ['g'],
      argument_rules: [rule],
      rpm_limit: 5,
      metadata: { guardrails: ['no-deletes', 7] },
    });
    memory.replaceSome('team', ['t'], [row]);
    expect(memory.level('team', 't')).toMatchObject({
      level: {
        kind: 'team',
        id: 't',
        objectPermission: null,
        accessGroupIds: ['g'],
        closed: true,
        argumentRules: [rule],
        limits: { rpm: 5, mcpRpm: null, maxBudget: null },
      },
      blocked: false,
      deleted: false,
      guardrails: ['no-deletes'],
      revision: 3,
      organizationId: 'o',
      members: new Map([['ada', 'admin']]),
    });
  });

  it('leaves out rules and limits that a level does not have', () => {
    const memory = new LevelMemory();
    memory.replaceSome('team', ['t'], [team('t', 1)]);
    expect(Object.keys(memory.level('team', 't')?.level ?? {})).not.toEqual(expect.arrayContaining(['argumentRules']));
    expect(memory.level('team', 't')?.level.limits).toBeUndefined();
  });

  it('finds a deleted customer as deleted and one that never was not at all', () => {
    const memory = new LevelMemory();
    const row = Object.assign(new CustomerEntity(), BLANK_LEVEL, { id: 'c', revision: 1, deleted_at: new Date(0) });
    memory.replaceSome('customer', ['c', 'd'], [row]);
    expect(memory.level('customer', 'c')?.deleted).toBe(true);
    expect(memory.level('customer', 'd')).toBeUndefined();
  });

  it('follows who manages which team', () => {
    const memory = new LevelMemory();
    const plain = { user_id: 'bob', role: 'user' as const };
    memory.replaceSome(
      'team',
      ['a', 'b'],
      [
        team('a', 1, { members_with_roles: [...admins('ada'), plain] }),
        team('b', 1, { members_with_roles: admins('ada') }),
      ],
    );
    expect([...memory.teamsManagedBy('ada')]).toEqual(['a', 'b']);
    expect(memory.teamsManagedBy('bob').size).toBe(0);
    memory.replaceSome('team', ['a'], [team('a', 2, { members_with_roles: admins('bob') })]);
    expect([...memory.teamsManagedBy('ada')]).toEqual(['b']);
    expect([...memory.teamsManagedBy('bob')]).toEqual(['a']);
    memory.replaceSome('team', ['a', 'b'], []);
    expect([memory.teamsManagedBy('ada').size, memory.teamsManagedBy('bob').size]).toEqual([0, 0]);
  });

  it('knows the servers of an access group, and none of one that is gone', () => {
    const memory = new LevelMemory();
    const row = Object.assign(new AccessGroupEntity(), { id: 'g', revision: 1, access_mcp_server_ids: ['s1'] });
    memory.replaceSome('access_group', ['g'], [row]);
    expect(memory.accessGroup('g')).toEqual(['s1']);
    memory.replaceSome('access_group', ['g'], []);
    expect(memory.accessGroup('g')).toEqual([]);
  });
});

import { Injectable } from '@nestjs/common';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { Page, PagePosition } from '../../common/page.js';
import type { Principal } from '../principal.js';
import { IdentityStore } from './identity-store.js';
import { assertAmong, TeamAuthority } from './team-authority.js';
import { MAX_MEMBERS, type TeamEntity, type TeamMember } from './team.entity.js';

/** What admins of a team do with it. */
@Injectable()
export class TeamsService {
  constructor(
    private readonly store: IdentityStore,
    private readonly authority: TeamAuthority,
  ) {}

  /** @throws GatehouseError `forbidden` for a team of others, `not_found` for admins */
  async info(teamId: string, caller: Principal): Promise<TeamEntity> {
    assertAmong(this.authority.readable(caller), teamId);
    return this.store.get('team', teamId);
  }

  /** One page of the teams that the caller may read. */
  list(limit: number, after: PagePosition | null, caller: Principal): Promise<Page<TeamEntity>> {
    const readable = this.authority.readable(caller);
    return this.store.list('team', limit, after, readable === 'all' ? null : readable);
  }

  /** @throws GatehouseError `forbidden`, `not_found`, `conflict` when the user is a member already */
  async addMember(teamId: string, member: TeamMember, caller: Principal): Promise<TeamEntity> {
    return this.changeMembers(teamId, caller, 'member_add', (members) => {
      if (members.some(({ user_id }) => user_id === member.user_id)) {
        throw new GatehouseError(
          'conflict',
          'The user is a member already. To change the role, delete the member first.',
        );
      }
      if (members.length >= MAX_MEMBERS)
        throw new GatehouseError('conflict', `A team has at most ${MAX_MEMBERS} members.`);
      return [...members, { user_id: member.user_id, role: member.role }];
    });
  }

  /** @throws GatehouseError `forbidden`, `not_found` when there is no such team or member */
  async deleteMember(teamId: string, userId: string, caller: Principal): Promise<TeamEntity> {
    return this.changeMembers(teamId, caller, 'member_delete', (members) => {
      const others = members.filter(({ user_id }) => user_id !== userId);
      if (others.length === members.length) throw new GatehouseError('not_found', 'The user is no member of the team.');
      return others;
    });
  }

  private changeMembers(
    teamId: string,
    caller: Principal,
    verb: string,
    change: (members: readonly TeamMember[]) => readonly TeamMember[],
  ): Promise<TeamEntity> {
    assertAmong(this.authority.manageable(caller), teamId);
    const write = (row: TeamEntity): void => {
      const before = row.members_with_roles;
      row.members_with_roles = change(before);
      row.former_members = formerMembers(row.former_members, before, row.members_with_roles);
    };
    return this.store.change('team', teamId, caller, write, verb);
  }
}

/** Whoever was a member and is not any more. */
function formerMembers(
  former: readonly string[],
  before: readonly TeamMember[],
  after: readonly TeamMember[],
): readonly string[] {
  const members = new Set(after.map(({ user_id }) => user_id));
  const known = new Set([...former, ...before.map(({ user_id }) => user_id)]);
  return [...known].filter((userId) => !members.has(userId));
}

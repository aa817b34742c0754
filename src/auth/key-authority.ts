import { Inject, Injectable } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import { KeyDirectory } from './key-directory.js';
import type { KeyFieldsDto } from './key.dto.js';
import type { VirtualKeyEntity } from './key.entity.js';
import type { KeyOwners } from './key-fields.js';
import { LevelDirectory } from './levels/level-directory.js';
import { TeamAuthority, type Teams } from './levels/team-authority.js';
import { hasAdminView, isAdmin, type Principal, type Role } from './principal.js';

type UserAndTeam = Pick<KeyOwners, 'user_id' | 'team_id'>;

/** Keys that a caller may read: all of them, or the calling one, those of its user, and those of some teams. */
export type ReadableKeys = 'all' | ReadableSome;

interface ReadableSome {
  readonly token: string | null;
  readonly userId: string | null;
  /** Not null: of the user only those in this team. */
  readonly onlyTeam: string | null;
  readonly teamIds: readonly string[];
}

const WRITERS: ReadonlySet<Role> = new Set<Role>(['proxy_admin', 'internal_user']);
const WITH_ADMIN_VIEW: ReadonlySet<Role> = new Set<Role>(['proxy_admin', 'proxy_admin_viewer']);

/**
 * Whose keys may a caller read and write? Admins any, users their own, admins of a team those of the team. A key that
 * is in a team acts for its user in that team only: its maker may have been the admin of the team, and no more.
 */
@Injectable()
export class KeyAuthority {
  constructor(
    @Inject(TeamAuthority) private readonly teams: Pick<TeamAuthority, 'readable' | 'manageable'>,
    @Inject(LevelDirectory) private readonly levels: Pick<LevelDirectory, 'find'>,
    @Inject(KeyDirectory) private readonly keys: Pick<KeyDirectory, 'find'>,
  ) {}

  readableBy(caller: Principal): ReadableKeys {
    if (hasAdminView(caller)) return 'all';
    const { userId, keyHash: token } = caller;
    if (caller.levelMissing) return { token, userId: null, onlyTeam: null, teamIds: [] };
    const teamIds = idsOf(this.teams.readable(caller)).filter((id) => actsIn(caller, id));
    return { token, userId, onlyTeam: boundTeam(caller), teamIds };
  }

  mayRead(caller: Principal, { token, user_id, team_id }: UserAndTeam & Pick<VirtualKeyEntity, 'token'>): boolean {
    const readable = this.readableBy(caller);
    if (readable === 'all' || token === readable.token) return true;
    if (user_id !== null && user_id === readable.userId) return actsIn(caller, team_id);
    return team_id !== null && readable.teamIds.includes(team_id);
  }

  /** May the caller change, delete or exchange a key that is there? */
  mayManage(caller: Principal, { user_id, team_id }: UserAndTeam): boolean {
    if (isAdmin(caller)) return true;
    if (!isWriter(caller) || !actsIn(caller, team_id)) return false;
    return user_id === caller.userId || (this.managesTeam(caller, team_id) && this.isNoAdmin(user_id));
  }

  /**
   * The levels that a key will belong to.
   * @param before what it belongs to now; null: it is new
   * @throws GatehouseError `forbidden`, alike for what is not there and what is not the caller's
   */
  ownersAfter(caller: Principal, written: Partial<KeyFieldsDto>, before: KeyOwners | null): KeyOwners {
    const start = before ?? this.ownersOfNewKey(caller);
    const after: KeyOwners = {
      user_id: written.user_id === undefined ? start.user_id : written.user_id,
      team_id: written.team_id === undefined ? start.team_id : written.team_id,
      organization_id: written.organization_id === undefined ? start.organization_id : written.organization_id,
      agent_id: written.agent_id === undefined ? start.agent_id : written.agent_id,
    };
    if (isAdmin(caller)) return after;
    const moved = before === null || after.user_id !== before.user_id || after.team_id !== before.team_id;
    const sameCeilings = after.organization_id === start.organization_id && after.agent_id === start.agent_id;
    if (sameCeilings && (!moved || this.mayMakeFor(caller, after))) return after;
    throw new GatehouseError(
      'forbidden',
      'A key can be made for the calling user, alone or in one of its teams, and for the members of a team that it ' +
        'manages; a key of a team makes keys of that team only. organization_id and agent_id cannot be chosen.',
    );
  }

  /** The ceilings of the calling key come along, so that no key is made that is free of them. */
  private ownersOfNewKey(caller: Principal): KeyOwners {
    if (isAdmin(caller)) return { user_id: null, team_id: null, organization_id: null, agent_id: null };
    const own = caller.keyHash === null ? undefined : this.keys.find(caller.keyHash);
    return {
      user_id: caller.userId,
      team_id: null,
      organization_id: own === undefined ? caller.organizationId : own.organizationId,
      agent_id: caller.agentId,
    };
  }

  private mayMakeFor(caller: Principal, { user_id, team_id }: UserAndTeam): boolean {
    if (!isWriter(caller) || !actsIn(caller, team_id)) return false;
    if (user_id === caller.userId) return team_id === null || this.isMember(user_id, team_id);
    if (team_id === null || !this.managesTeam(caller, team_id)) return false;
    return user_id === null || (this.isMember(user_id, team_id) && this.isNoAdmin(user_id));
  }

  private managesTeam(caller: Principal, teamId: string | null): boolean {
    return teamId !== null && idsOf(this.teams.manageable(caller)).includes(teamId);
  }

  private isMember(userId: string | null, teamId: string): boolean {
    return userId !== null && this.levels.find('team', teamId)?.members.has(userId) === true;
  }

  /** The key of an admin would give its maker the rights of an admin. */
  private isNoAdmin(userId: string | null): boolean {
    const role = userId === null ? undefined : this.levels.find('user', userId)?.role;
    return role === undefined || !WITH_ADMIN_VIEW.has(role);
  }
}

function isWriter(caller: Principal): boolean {
  return caller.userId !== null && !caller.levelMissing && WRITERS.has(caller.role);
}

/** The team that a calling key is confined to; null: none. An access token speaks for its user everywhere. */
function boundTeam(caller: Principal): string | null {
  return caller.keyHash === null ? null : caller.teamId;
}

function actsIn(caller: Principal, teamId: string | null): boolean {
  const bound = boundTeam(caller);
  return bound === null || bound === teamId;
}

/** Admins, for whom it is all teams, never ask. */
function idsOf(teams: Teams): readonly string[] {
  return teams === 'all' ? [] : [...teams];
}

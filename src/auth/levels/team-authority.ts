import { Inject, Injectable } from '@nestjs/common';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { hasAdminView, isAdmin, type Principal, type Role } from '../principal.js';
import { LevelDirectory } from './level-directory.js';

/** Every team, or these. */
export type Teams = 'all' | ReadonlySet<string>;

const NONE: ReadonlySet<string> = new Set();
const WRITERS: ReadonlySet<Role> = new Set<Role>(['proxy_admin', 'internal_user']);

/** Which teams may a caller read and manage? Admins all, admins of a team theirs. */
@Injectable()
export class TeamAuthority {
  constructor(@Inject(LevelDirectory) private readonly levels: Pick<LevelDirectory, 'find' | 'teamsManagedBy'>) {}

  /** Teams that the caller may read. */
  readable(caller: Principal): Teams {
    return hasAdminView(caller) ? 'all' : this.managed(caller);
  }

  /** Teams whose members the caller may change. */
  manageable(caller: Principal): Teams {
    if (isAdmin(caller)) return 'all';
    return WRITERS.has(caller.role) ? this.managed(caller) : NONE;
  }

  /** A user who is refused manages nothing, and a team that is blocked is managed by admins only. */
  private managed({ userId, levelMissing }: Principal): ReadonlySet<string> {
    if (userId === null || levelMissing) return NONE;
    const open = [...this.levels.teamsManagedBy(userId)].filter(
      (id) => this.levels.find('team', id)?.blocked === false,
    );
    return new Set(open);
  }
}

/** @throws GatehouseError `forbidden`, alike for a team of others and one that does not exist */
export function assertAmong(teams: Teams, teamId: string): void {
  if (teams === 'all' || teams.has(teamId)) return;
  throw new GatehouseError('forbidden', 'This needs an admin, or an admin of the team.');
}

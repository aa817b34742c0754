import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { Page, PagePosition } from '../../common/page.js';
import { fieldFaults } from '../../common/validation.js';
import { hasAdminView, type Principal } from '../principal.js';
import { IdentityStore } from './identity-store.js';
import { teamsOfUsers } from './team-members.js';
import type { UserEntity } from './user.entity.js';

/** A user with the ids of its teams. */
export interface UserWithTeams {
  readonly user: UserEntity;
  readonly teams: readonly string[];
}

/** Reads users. */
@Injectable()
export class UsersService {
  constructor(
    private readonly database: DataSource,
    private readonly store: IdentityStore,
  ) {}

  /**
   * @param userId undefined: the calling user
   * @throws GatehouseError `forbidden` alike for another user and one that does not exist, `not_found` for admins
   */
  async info(userId: string | undefined, caller: Principal): Promise<UserWithTeams> {
    const id = userId ?? caller.userId;
    if (!hasAdminView(caller) && (id === null || id !== caller.userId || caller.levelMissing)) {
      throw new GatehouseError('forbidden', 'A user may read only itself.');
    }
    if (id === null) throw fieldFaults([{ path: 'user_id', message: 'must name a user, for the caller is none' }]);
    return this.withTeams(await this.store.get('user', id));
  }

  /** One page of all users, in order of creation. */
  async list(limit: number, after: PagePosition | null): Promise<Page<UserWithTeams>> {
    const { items, next } = await this.store.list('user', limit, after);
    const teams = await this.teamsOf(items);
    return { items: items.map((user) => ({ user, teams: teams.get(user.id) ?? [] })), next };
  }

  async withTeams(user: UserEntity): Promise<UserWithTeams> {
    return { user, teams: (await this.teamsOf([user])).get(user.id) ?? [] };
  }

  private teamsOf(users: readonly UserEntity[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const ids = users.map((user) => user.id);
    return teamsOfUsers(ids, this.database.manager);
  }
}

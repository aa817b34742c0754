import { Injectable } from '@nestjs/common';
import { KeysService } from './keys.service.js';
import { IdentityStore } from './levels/identity-store.js';
import { LevelDirectory } from './levels/level-directory.js';
import type { NewUserDto } from './levels/user.dto.js';
import { UsersService, type UserWithTeams } from './levels/users.service.js';
import type { Principal } from './principal.js';

/** A user that was just made. */
export interface NewUser extends UserWithTeams {
  /** The secret of its first key; null when none was asked for. */
  readonly key: string | null;
}

/** Makes users, with a first key when that is asked for. */
@Injectable()
export class NewUsers {
  constructor(
    private readonly identities: IdentityStore,
    private readonly users: UsersService,
    private readonly keys: KeysService,
    private readonly levels: LevelDirectory,
  ) {}

  /**
   * Makes both, or neither.
   * @throws GatehouseError `conflict` when the id or the address is in use, `invalid_request`
   */
  async create(body: NewUserDto, actor: Principal): Promise<NewUser> {
    if (body.auto_create_key === true) return this.createWithKey(body, actor);
    const user = await this.identities.create('user', body.user_id, body, actor);
    return { ...(await this.users.withTeams(user)), key: null };
  }

  private async createWithKey(body: NewUserDto, actor: Principal): Promise<NewUser> {
    const making = { kind: 'user' as const, id: body.user_id, fields: body, actor };
    const { key, prepared } = await this.keys.generateAfter(async (manager) => {
      const made = await this.identities.createWithin(manager, making);
      return { body: { user_id: made.row.id }, prepared: made };
    }, actor);
    await this.levels.announce(prepared.change);
    return { ...(await this.users.withTeams(prepared.row)), key };
  }
}

import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PolicyVersions } from '../events/policy-version.js';
import { KeyChanges } from './key-changes.js';
import { KEYS_VERSION, type KeyChange } from './key-events.js';
import { LevelChanges } from './levels/level-changes.js';
import { LEVELS_VERSION, type LevelChange } from './levels/level-events.js';
import { removeServerFromLevels } from './levels/server-removal.js';
import { NAMES_SERVER, WITHOUT_SERVER } from './server-removal.js';

const REMOVE_FROM_KEYS = `
  UPDATE virtual_keys SET ${WITHOUT_SERVER}, revision = $2 WHERE ${NAMES_SERVER} RETURNING token`;

/** What the removal of a server changed. */
export interface GrantRemoval {
  readonly keys: KeyChange;
  readonly levels: LevelChange;
}

/** Keeps grants free of servers that are gone, so that a later server with the same id starts with none. */
@Injectable()
export class ServerGrants {
  constructor(
    private readonly versions: PolicyVersions,
    private readonly keyChanges: KeyChanges,
    private readonly levelChanges: LevelChanges,
  ) {}

  /**
   * Removes a server from all grants, in the transaction that deletes it and before its row goes: whoever writes
   * grants waits for the versions that are moved here, and then finds the server gone. The records that named it keep
   * speaking, so that nothing widens.
   * @returns what {@link announce} needs after the commit
   */
  async removeServerGrants(serverId: string, manager: EntityManager): Promise<GrantRemoval> {
    const keysVersion = await this.versions.bump(manager, KEYS_VERSION);
    const levelsVersion = await this.versions.bump(manager, LEVELS_VERSION);
    const [keys]: [{ token: string }[], number] = await manager.query(REMOVE_FROM_KEYS, [serverId, keysVersion]);
    const changed = await removeServerFromLevels(serverId, levelsVersion, manager);
    return {
      keys: { tokens: keys.map((key) => key.token), version: keysVersion },
      levels: { changed, version: levelsVersion },
    };
  }

  /** Puts the change into force after the commit. */
  async announce({ keys, levels }: GrantRemoval): Promise<void> {
    await Promise.all([this.keyChanges.announce(keys), this.levelChanges.announce(levels)]);
  }
}

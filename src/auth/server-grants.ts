import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PolicyVersions } from '../events/policy-version.js';
import type { RecordChange } from '../events/record-change.js';
import { KeyDirectory } from './key-directory.js';
import { KEYS_VERSION } from './key-events.js';
import { takeOutOfAccessGroups, takeOutOfLevels, type GrantsWithout } from './levels/grants-without.js';
import { LevelDirectory } from './levels/level-directory.js';
import { LEVELS_VERSION, type LevelChange } from './levels/level-events.js';
import { SERVER_REMOVAL } from './server-removal.js';
import { TOOLSET_REMOVAL } from './toolset-removal.js';

/** What the removal of a server or a toolset changed. */
export interface GrantRemoval {
  /** By their tokens. */
  readonly keys: RecordChange;
  readonly levels: LevelChange;
}

/** Keeps grants free of servers and toolsets that are gone, so that a later one with the same id starts with none. */
@Injectable()
export class ServerGrants {
  constructor(
    private readonly versions: PolicyVersions,
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
  ) {}

  /**
   * Removes a server from all grants, in the transaction that deletes it and before its row goes: whoever writes
   * grants waits for the versions that are moved here, and then finds the server gone. The records that named it keep
   * speaking, so that nothing widens.
   * @returns what {@link announce} needs after the commit
   */
  async removeServerGrants(serverId: string, manager: EntityManager): Promise<GrantRemoval> {
    const { keys, levels } = await this.remove(SERVER_REMOVAL, serverId, manager);
    const groups = await takeOutOfAccessGroups(serverId, levels.version, manager);
    return { keys, levels: { ...levels, changed: [...levels.changed, ...groups] } };
  }

  /** {@link removeServerGrants} for a toolset. */
  removeToolsetGrants(toolsetId: string, manager: EntityManager): Promise<GrantRemoval> {
    return this.remove(TOOLSET_REMOVAL, toolsetId, manager);
  }

  /** Puts the change into force after the commit. */
  async announce({ keys, levels }: GrantRemoval): Promise<void> {
    await Promise.all([this.keys.announce(keys), this.levels.announce(levels)]);
  }

  private async remove(without: GrantsWithout, id: string, manager: EntityManager): Promise<GrantRemoval> {
    const keysVersion = await this.versions.bump(manager, KEYS_VERSION);
    const levelsVersion = await this.versions.bump(manager, LEVELS_VERSION);
    const sql = `UPDATE virtual_keys SET ${without.set}, revision = $2 WHERE ${without.where} RETURNING token`;
    const [keys]: [{ token: string }[], number] = await manager.query(sql, [id, keysVersion]);
    const changed = await takeOutOfLevels(without, id, levelsVersion, manager);
    return {
      keys: { ids: keys.map((key) => key.token), version: keysVersion },
      levels: { changed, version: levelsVersion },
    };
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyDirectory } from '../auth/key-directory.js';
import { toHash } from '../auth/key-token.js';
import { changeGrants, type GrantChange } from '../auth/levels/grant-change.js';
import { LevelDirectory } from '../auth/levels/level-directory.js';
import type { GrantLevel, LevelKind, Principal } from '../auth/principal.js';
import { ServerReferences } from '../auth/server-references.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { fieldFaults } from '../common/validation.js';
import type { DraftChangeDto } from './simulate.dto.js';

/** Levels as they would be after a draft. */
export class DraftGrants {
  constructor(private readonly drafted: ReadonlyMap<string, GrantLevel>) {}

  touches(principal: Principal): boolean {
    return principal.levels.some((level) => this.drafted.has(keyOf(level)));
  }

  /** The caller as it would be. */
  applyTo(principal: Principal): Principal {
    return { ...principal, levels: principal.levels.map((level) => this.drafted.get(keyOf(level)) ?? level) };
  }

  /** Ids of the levels of one kind. */
  idsOf(kind: LevelKind): string[] {
    return [...this.drafted.values()].filter((level) => level.kind === kind).map(({ id }) => id);
  }
}

/** Works out what levels would be after changes, by the rules of the update routes. Writes nothing. */
@Injectable()
export class DraftGrantsReader {
  constructor(
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
    private readonly servers: ServerReferences,
    private readonly database: DataSource,
  ) {}

  /** @throws GatehouseError `not_found` for a level that is not there, `invalid_request` for one that is named twice */
  async read(changes: readonly DraftChangeDto[]): Promise<DraftGrants> {
    const drafted = new Map<string, GrantLevel>();
    for (const [index, change] of changes.entries()) {
      const present = this.levelOf(change);
      if (drafted.has(keyOf(present))) {
        throw fieldFaults([{ path: `changes.${index}.id`, message: 'is changed twice; join the changes' }]);
      }
      drafted.set(keyOf(present), await this.after(present, change));
    }
    return new DraftGrants(drafted);
  }

  private levelOf({ kind, id }: DraftChangeDto): GrantLevel {
    const known = kind === 'key' ? this.keys.find(toHash(id) ?? '') : this.levels.find(kind, id);
    if (known === undefined) throw new GatehouseError('not_found', `There is no such ${kind}.`);
    return known.level;
  }

  private async after(level: GrantLevel, change: GrantChange): Promise<GrantLevel> {
    const { objectPermission, accessGroupIds, closed } = level;
    const stored = { permission: objectPermission, accessGroupIds, closed };
    const context = { manager: this.database.manager, servers: this.servers };
    const written = change.object_permission === undefined ? {} : { object_permission: change.object_permission };
    const after = await changeGrants(stored, written, context);
    return { ...level, objectPermission: after.permission, closed: after.closed };
  }
}

function keyOf({ kind, id }: Pick<GrantLevel, 'kind' | 'id'>): string {
  return `${kind}:${id}`;
}

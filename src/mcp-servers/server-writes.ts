import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Principal } from '../auth/principal.js';
import { PolicyVersions } from '../events/policy-version.js';
import { WriteLog } from '../write-log/write-log.js';
import type { ObjectReference } from '../write-log/written-object.js';
import { SERVERS_VERSION } from './server-events.js';
import { ServerRecords } from './server-records.js';
import { ServerRegistry } from './server-registry.js';

/** How the record of a write describes it. */
export interface WriteDescription {
  readonly author: Principal;
  /** Missing: `create`, `update` or `delete`, whichever it was of each server. */
  readonly verb?: string;
}

/** What `act` is given besides the manager of the transaction. */
export interface ServerWrite {
  /** Policy version of the write. */
  readonly revision: number;
  /** The servers that the act changes. */
  readonly ids: readonly string[];
  /** Tells the record of the write what else is changed. */
  alsoChanges(objects: readonly ObjectReference[]): void;
}

/** The frame of every write to a server: one transaction, then this process, then the other ones. */
@Injectable()
export class ServerWrites {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly registry: ServerRegistry,
    private readonly records: ServerRecords,
    private readonly log: WriteLog,
  ) {}

  /**
   * Runs `act` in a transaction and, when it is committed, waits until the registry holds the change. The policy version
   * moves first, since its row lock puts all writers in order: what `act` reads stays true until the commit.
   * What `act` did to the server is recorded in the same transaction, whatever it was.
   */
  write<T>(
    serverId: string,
    description: WriteDescription,
    act: (manager: EntityManager, write: ServerWrite) => Promise<T>,
  ): Promise<T> {
    return this.writeMany(description, () => Promise.resolve([serverId]), act);
  }

  /**
   * {@link write} for an act that changes several servers, each with a record of its own.
   * @param choose finds out which, in the transaction and before the act
   */
  async writeMany<T>(
    { author, verb }: WriteDescription,
    choose: (manager: EntityManager) => Promise<readonly string[]>,
    act: (manager: EntityManager, write: ServerWrite) => Promise<T>,
  ): Promise<T> {
    const { result, ids, version } = await this.database.transaction(async (manager) => {
      const revision = await this.versions.bump(manager, SERVERS_VERSION);
      const ids = await choose(manager);
      const before = await this.records.statesOf(ids, manager);
      const also: ObjectReference[] = [];
      const result = await act(manager, { revision, ids, alsoChanges: (objects) => also.push(...objects) });
      const after = await this.records.statesOf(ids, manager);
      const written = ids.flatMap((id) => this.records.written(id, { before, after }, { verb, also }) ?? []);
      if (written.length > 0) await this.log.record(manager, author, written);
      return { result, ids, version: revision };
    });
    await this.registry.announce({ ids, version });
    return result;
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { messageOf } from '../common/gatehouse-error.js';
import { EventBus } from '../events/event-bus.js';
import { PolicyVersions } from '../events/policy-version.js';
import { SERVERS_CHANGED, SERVERS_VERSION } from './server-events.js';
import { ServerRegistry } from './server-registry.js';

/** The frame of every write to a server: one transaction, then this process, then the other ones. */
@Injectable()
export class ServerWrites {
  private readonly logger = new Logger(ServerWrites.name);

  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly registry: ServerRegistry,
    private readonly events: EventBus,
  ) {}

  /**
   * Runs `act` in a transaction and, when it is committed, waits until the registry holds the change. The policy version
   * moves first, since its row lock puts all writers in order: what `act` reads stays true until the commit.
   */
  async write<T>(serverId: string, act: (manager: EntityManager, revision: number) => Promise<T>): Promise<T> {
    const { result, version } = await this.database.transaction(async (manager) => {
      const revision = await this.versions.bump(manager, SERVERS_VERSION);
      return { result: await act(manager, revision), version: revision };
    });
    await this.announce(serverId, version);
    return result;
  }

  /** Never rejects: the write is committed, and what is missed here is found by the poll of the version. */
  private async announce(serverId: string, version: number): Promise<void> {
    const ids = [serverId];
    const steps = [this.registry.apply(ids, version), this.events.publish(SERVERS_CHANGED, { ids, version })];
    for (const step of await Promise.allSettled(steps)) {
      if (step.status === 'rejected') this.logger.error(`A change of a server is late: ${messageOf(step.reason)}`);
    }
  }
}

import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Puts into force what was written with a deletion, after the commit. Never rejects. */
type AfterCommit = () => Promise<void>;
type DeletionListener = (serverId: string, manager: EntityManager) => Promise<void | AfterCommit>;

/** Lets rooms above take what they keep of a server along when it is deleted, in the same transaction. */
@Injectable()
export class ServerDeletions {
  private readonly listeners: DeletionListener[] = [];

  /**
   * Called within the transaction of each deletion; a rejection undoes it. What the listener resolves with is called
   * after the commit.
   */
  onDelete(listener: DeletionListener): void {
    this.listeners.push(listener);
  }

  /** Runs every listener; what it resolves with is to be called after the commit. */
  async run(serverId: string, manager: EntityManager): Promise<AfterCommit> {
    const after: AfterCommit[] = [];
    for (const listener of this.listeners) {
      const act = await listener(serverId, manager);
      if (act !== undefined) after.push(act);
    }
    return async () => void (await Promise.all(after.map((act) => act())));
  }
}

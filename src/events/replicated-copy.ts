import { Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { ChangeFollower, type FollowedSource } from './change-follower.js';
import type { EventBus } from './event-bus.js';
import { readRecordChange, recordChangePayload, type RecordChange } from './record-change.js';

/** What is copied, and where its changes are announced. */
export interface ReplicatedSource extends FollowedSource {
  /** Topic of its {@link RecordChange}s. */
  readonly topic: string;
}

/**
 * A copy of stored records that every replica holds in memory, so that a call needs no database read. Every replica
 * follows every write within two seconds: by its announcement, else by a poll of the version.
 */
export class ReplicatedCopy {
  private readonly logger: Logger;
  private readonly follower: ChangeFollower;

  constructor(
    private readonly source: ReplicatedSource,
    private readonly events: EventBus,
  ) {
    this.logger = new Logger(source.name);
    this.follower = new ChangeFollower(source);
  }

  /** Loads everything and begins to follow. Rejects when the first load fails. */
  async start(): Promise<void> {
    this.events.subscribe(this.source.topic, (payload) => {
      const change = readRecordChange(payload);
      return change === null ? this.follower.poll() : this.apply(change);
    });
    this.events.onReconnect(() => this.reload());
    await this.follower.start();
  }

  stop(): Promise<void> {
    return this.follower.stop();
  }

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return this.follower.isFresh();
  }

  /** Loads everything anew. */
  reload(): Promise<void> {
    return this.follower.reload();
  }

  /** Takes over a write of this process or another one: resolves when the copy holds these records. */
  apply({ ids, version }: RecordChange): Promise<void> {
    return this.follower.apply(ids, version);
  }

  /**
   * Carries a committed write to this process, before its response is sent, and to the other ones. Never rejects: what
   * is missed here is found by the poll of the version.
   */
  async announce(change: RecordChange): Promise<void> {
    await Promise.all([this.apply(change).catch((error: unknown) => this.late(error)), this.tell(change)]);
  }

  /**
   * Tells the other processes of a committed write. Never rejects.
   * @param change null: they have to look for it
   */
  async tell(change: RecordChange | null): Promise<void> {
    const payload = change === null ? null : recordChangePayload(change);
    await this.events.publish(this.source.topic, payload).catch((error: unknown) => this.late(error));
  }

  private late(error: unknown): void {
    this.logger.error(`A change is late: ${messageOf(error)}`);
  }
}

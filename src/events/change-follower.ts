import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';

/** How an in-memory copy is filled. Versions grow by one with each write. */
export interface FollowedSource {
  /** Name for logs. */
  readonly name: string;
  /** Version of the stored data. */
  readVersion(): Promise<number>;
  loadAll(): Promise<void>;
  /** Loads these records anew; those that are gone are dropped from the copy. */
  loadSome(ids: readonly string[]): Promise<void>;
}

const POLL_MS = 1000;
const FRESH_MS = 10_000;
/** How long an announcement may be under way before the regular poll takes its write for one that was not announced. */
const ANNOUNCED_WITHIN_MS = 250;

/**
 * Keeps an in-memory copy equal to the database: changes that are announced replace single records, and a poll of the
 * version notices every change that was not announced. Loads run one after the other, so that a slow full load never
 * overwrites a newer record.
 */
export class ChangeFollower {
  private readonly logger: Logger;
  private known = 0;
  /** Announced versions beyond `known`, while an earlier one is still missing. */
  private readonly ahead = new Set<number>();
  private tail: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private polling = false;
  private stopped = false;
  private checkedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly source: FollowedSource) {
    this.logger = new Logger(source.name);
  }

  /** Loads everything and begins to poll. Rejects when the first load fails. */
  async start(): Promise<void> {
    await this.reload();
    this.timer = setInterval(() => void this.check(ANNOUNCED_WITHIN_MS), POLL_MS);
    this.timer.unref();
  }

  /** Ends the polling and waits for the load that runs. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.tail.catch(() => undefined);
  }

  /** The copy was compared with the database less than ten seconds ago. */
  isFresh(): boolean {
    return performance.now() - this.checkedAt < FRESH_MS;
  }

  /** Takes over one write: resolves when the copy holds these records at `version` or later. */
  apply(ids: readonly string[], version: number): Promise<void> {
    return this.inOrder(async () => {
      await this.source.loadSome(ids);
      if (version > this.known) this.ahead.add(version);
      while (this.ahead.delete(this.known + 1)) this.known += 1;
    });
  }

  /** Loads everything anew. */
  reload(): Promise<void> {
    return this.inOrder(async () => {
      // Read before the load: what is written meanwhile is found again by the next poll.
      const version = await this.source.readVersion();
      await this.source.loadAll();
      this.known = version;
      for (const announced of this.ahead) if (announced <= version) this.ahead.delete(announced);
      this.checkedAt = performance.now();
    });
  }

  /** One comparison with the database at once; never rejects, since nobody waits for it. */
  poll(): Promise<void> {
    return this.check(0);
  }

  private async check(patienceMs: number): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      if (await this.isBehind(patienceMs)) await this.reload();
      this.checkedAt = performance.now();
    } catch (error) {
      this.logger.warn(`The check for changes failed and is tried again: ${messageOf(error)}`);
    } finally {
      this.polling = false;
    }
  }

  /** A write that is committed and whose announcement is under way is no reason to load everything. */
  private async isBehind(patienceMs: number): Promise<boolean> {
    const version = await this.source.readVersion();
    if (version === this.known) return false;
    if (patienceMs > 0) await delay(patienceMs, undefined, { ref: false });
    await this.tail.catch(() => undefined);
    if (this.stopped) return false;
    // Either it was read before a write that is applied by now, or the stored data went back to an earlier state.
    if (version < this.known) return (await this.source.readVersion()) < this.known;
    return version > this.known;
  }

  private inOrder(load: () => Promise<void>): Promise<void> {
    const run = this.tail.catch(() => undefined).then(load);
    this.tail = run;
    return run;
  }
}

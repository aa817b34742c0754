import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import type { AuditRecord } from './audit-record.js';
import { auditRow } from './audit-row.js';
import { AuditStore } from './audit-store.js';

const FLUSH_AFTER_MS = 100;
const BATCH_SIZE = 500;
const MAX_PENDING = 10_000;
const ADMISSION_WAIT_MS = 2_000;
const RETRY_AFTER_MS = 500;
const SHUTDOWN_ATTEMPTS = 10;

/**
 * Batches records on their way to the database. Bounded: when the database cannot keep up, new calls wait for room and
 * are then refused, because a call that cannot be recorded must not be made. Nothing is dropped.
 */
@Injectable()
export class AuditBuffer implements BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditBuffer.name);
  private pending: string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private flushing: Promise<Error | null> | null = null;
  private waiting: (() => void)[] = [];
  private closed = false;

  constructor(private readonly store: AuditStore) {}

  get hasRoom(): boolean {
    return this.pending.length < MAX_PENDING;
  }

  /** Records that wait to be written. */
  get size(): number {
    return this.pending.length;
  }

  /** Waits until a record can be taken. @throws GatehouseError `dependency_unavailable` after two seconds. */
  async waitForRoom(): Promise<void> {
    if (this.hasRoom) return;
    const room = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), ADMISSION_WAIT_MS);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (room && this.hasRoom) return;
    throw new GatehouseError('dependency_unavailable', 'The audit store does not keep up; try again shortly', {
      sent: 'no',
      retryAfter: 2,
    });
  }

  add(record: AuditRecord): void {
    this.pending.push(auditRow(record));
    if (this.pending.length >= BATCH_SIZE) void this.startFlush();
    else this.flushSoon();
  }

  /** Writes everything that is pending now. Rejects when the database does not take it. */
  async flush(): Promise<void> {
    while (this.pending.length > 0) {
      const failure = await this.startFlush();
      if (failure !== null) throw failure;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (let attempt = 1; attempt <= SHUTDOWN_ATTEMPTS; attempt++) {
      try {
        await this.flush();
        return;
      } catch (error) {
        this.logger.error(`${this.pending.length} audit records are not written yet: ${messageOf(error)}`);
      }
    }
    // The database connections end next: whoever tried again would try for ever.
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.logger.error(`${this.pending.length} audit records could not be written before the shutdown`);
  }

  /** One writer at a time: whoever comes while it runs waits for the same run. Resolves with its failure, if any. */
  private startFlush(): Promise<Error | null> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.flushing ??= this.drain().finally(() => {
      this.flushing = null;
      if (this.pending.length > 0) this.flushSoon();
    });
    return this.flushing;
  }

  private flushSoon(): void {
    if (!this.closed) this.timer ??= setTimeout(() => void this.startFlush(), FLUSH_AFTER_MS).unref();
  }

  private async drain(): Promise<Error | null> {
    try {
      while (this.pending.length > 0) await this.writeBatch();
      return null;
    } catch (error) {
      this.logger.error(`audit records could not be written, will try again: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  private async writeBatch(): Promise<void> {
    const batch = this.pending.slice(0, BATCH_SIZE);
    await this.store.insert(batch);
    this.pending = this.pending.slice(batch.length);
    const admitted = this.waiting;
    this.waiting = [];
    for (const wake of admitted) wake();
  }
}

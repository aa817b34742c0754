import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LevelSpend } from '../auth/level-spend.js';
import type { LevelKind, Principal } from '../auth/principal.js';
import { messageOf } from '../common/gatehouse-error.js';
import { SpendStore, type LevelAmount } from './spend-store.js';

const SYNC_MS = 1000;
const SHUTDOWN_ATTEMPTS = 5;

/** What one level has spent, as far as this process knows. */
interface Account {
  readonly kind: LevelKind;
  readonly id: string;
  /** The sum in the database when it was last seen. */
  stored: number;
  /** Part of a write that is under way. */
  sending: number;
  /** Not written yet. */
  pending: number;
}

/**
 * What calls have cost, by level. Sums are held in memory, so that asking costs nothing. Every second the new amounts
 * are added to the database, and the sums of the levels that were asked for are read back. So a replica learns within
 * about two seconds what the others have spent, and a budget can be overdrawn by that much, plus the calls that are
 * under way when it is used up. A write whose outcome is lost is done again, which can charge it twice, never not at all.
 */
@Injectable()
export class SpendLedger extends LevelSpend implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(SpendLedger.name);
  private readonly accounts = new Map<string, Account>();
  private readonly changed = new Set<Account>();
  private readonly watched = new Set<Account>();
  private tail: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private syncing = false;

  constructor(@Inject(SpendStore) private readonly store: Pick<SpendStore, 'readAll' | 'read' | 'add'>) {
    super();
  }

  async onModuleInit(): Promise<void> {
    this.take(await this.store.readAll());
    this.timer = setInterval(() => void this.syncQuietly(), SYNC_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    for (let attempt = 1; attempt <= SHUTDOWN_ATTEMPTS; attempt++) {
      try {
        await this.sync();
        return;
      } catch (error) {
        this.logger.error(`the costs of ${this.changed.size} levels are not written yet: ${messageOf(error)}`);
      }
    }
  }

  /** What the level has spent so far. */
  spentBy(kind: LevelKind, id: string): number {
    const account = this.accountOf(kind, id);
    this.watched.add(account);
    return account.stored + account.sending + account.pending;
  }

  /** What levels have spent: the sums in the database, and what this process has yet to add to them. */
  readSpend(kind: LevelKind, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    // In turn with the writes, so that no amount is both under way and in the sum already.
    const run = this.tail
      .catch(() => undefined)
      .then(async () => {
        this.take(await this.store.read(ids.map((id) => ({ level_kind: kind, level_id: id }))));
        return new Map(ids.map((id) => [id, this.knownSpend(kind, id)]));
      });
    this.tail = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  /** Charges a call to every level of its caller. */
  charge({ levels }: Principal, amount: number): void {
    if (amount === 0) return;
    for (const { kind, id } of levels) {
      const account = this.accountOf(kind, id);
      account.pending += amount;
      this.changed.add(account);
    }
  }

  /** Writes what is pending and reads what others have spent. Rejects when the database does not answer. */
  sync(): Promise<void> {
    const run = this.tail
      .catch(() => undefined)
      .then(() => this.write())
      .then(() => this.readWatched());
    this.tail = run;
    return run;
  }

  private knownSpend(kind: LevelKind, id: string): number {
    const account = this.accounts.get(nameOf(kind, id));
    return account === undefined ? 0 : account.stored + account.sending + account.pending;
  }

  private async syncQuietly(): Promise<void> {
    if (this.syncing) return;
    this.syncing = true;
    try {
      await this.sync();
    } catch (error) {
      this.logger.warn(`the costs of calls could not be written and will be later: ${messageOf(error)}`);
    } finally {
      this.syncing = false;
    }
  }

  private async write(): Promise<void> {
    const batch = [...this.changed];
    if (batch.length === 0) return;
    this.changed.clear();
    for (const account of batch) {
      account.sending = account.pending;
      account.pending = 0;
    }
    try {
      const sums = await this.store.add(batch.map(({ kind, id, sending }) => amountOf(kind, id, sending)));
      for (const account of batch) account.sending = 0;
      this.take(sums);
    } catch (error) {
      for (const account of batch) {
        account.pending += account.sending;
        account.sending = 0;
        this.changed.add(account);
      }
      throw error;
    }
  }

  private async readWatched(): Promise<void> {
    const watched = [...this.watched];
    if (watched.length === 0) return;
    this.take(await this.store.read(watched.map(({ kind, id }) => ({ level_kind: kind, level_id: id }))));
    for (const account of watched) this.watched.delete(account);
  }

  private take(sums: readonly LevelAmount[]): void {
    for (const { level_kind: kind, level_id: id, amount } of sums) this.accountOf(kind, id).stored = amount;
  }

  private accountOf(kind: LevelKind, id: string): Account {
    const name = nameOf(kind, id);
    let account = this.accounts.get(name);
    if (account === undefined) {
      account = { kind, id, stored: 0, sending: 0, pending: 0 };
      this.accounts.set(name, account);
    }
    return account;
  }
}

function nameOf(kind: LevelKind, id: string): string {
  return `${kind}:${id}`;
}

function amountOf(kind: LevelKind, id: string, amount: number): LevelAmount {
  return { level_kind: kind, level_id: id, amount };
}

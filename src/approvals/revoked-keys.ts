import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { KeyDirectory } from '../auth/key-directory.js';
import { KEYS_CHANGED } from '../auth/key-events.js';
import { messageOf } from '../common/gatehouse-error.js';
import { EventBus } from '../events/event-bus.js';
import { readRecordChange } from '../events/record-change.js';
import { ApprovalStore } from './approval-store.js';

/** Every change of keys is known to this process by then. */
const SURELY_KNOWN_MS = 3_000;

/** Ends requests and approvals of keys that are deleted or blocked, so that unblocking a key does not revive them. */
@Injectable()
export class RevokedKeys implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(RevokedKeys.name);
  private unsubscribe: () => void = () => {};
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: EventBus,
    private readonly keys: KeyDirectory,
    private readonly store: ApprovalStore,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe(KEYS_CHANGED, async (payload) => {
      const change = readRecordChange(payload);
      if (change === null) return this.lookSoon();
      await this.keys.apply(change);
      await this.end(change.ids);
    });
    this.events.onReconnect(() => this.lookSoon());
  }

  onModuleDestroy(): void {
    this.unsubscribe();
    clearTimeout(this.timer);
  }

  /** Which keys have changed is not known: a change of very many, or events that were missed. */
  private lookSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.store
        .openKeys()
        .then((tokens) => this.end(tokens))
        .catch((error: unknown) => this.logger.error(`approvals of revoked keys were not ended: ${messageOf(error)}`));
    }, SURELY_KNOWN_MS);
    this.timer.unref();
  }

  private async end(tokens: readonly string[]): Promise<void> {
    const revoked = tokens.filter((token) => this.keys.find(token)?.blocked !== false);
    if (revoked.length > 0) await this.store.voidOf(revoked);
  }
}

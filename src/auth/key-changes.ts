import { Injectable, Logger } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { EventBus } from '../events/event-bus.js';
import { KeyDirectory } from './key-directory.js';
import { KEYS_CHANGED, keyChangePayload, type KeyChange } from './key-events.js';

/** Carries a committed write to this process, before its response is sent, and to the other ones. */
@Injectable()
export class KeyChanges {
  private readonly logger = new Logger(KeyChanges.name);

  constructor(
    private readonly directory: KeyDirectory,
    private readonly events: EventBus,
  ) {}

  /** Never rejects: the write is committed, and what is missed here is found by the poll of the version. */
  async announce(change: KeyChange): Promise<void> {
    const steps = [
      this.directory.apply(change.tokens, change.version),
      this.events.publish(KEYS_CHANGED, keyChangePayload(change)),
    ];
    for (const step of await Promise.allSettled(steps)) {
      if (step.status === 'rejected') this.logger.error(`A change of keys is late: ${messageOf(step.reason)}`);
    }
  }
}

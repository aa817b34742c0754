import { Injectable, Logger } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { EventBus } from '../../events/event-bus.js';
import { LevelDirectory } from './level-directory.js';
import { LEVELS_CHANGED, levelChangePayload, type LevelChange } from './level-events.js';

/** Carries a committed write to this process, before its response is sent, and to the other ones. */
@Injectable()
export class LevelChanges {
  private readonly logger = new Logger(LevelChanges.name);

  constructor(
    private readonly directory: LevelDirectory,
    private readonly events: EventBus,
  ) {}

  /** Never rejects: the write is committed, and what is missed here is found by the poll of the version. */
  async announce(change: LevelChange): Promise<void> {
    const steps = [this.directory.apply(change), this.events.publish(LEVELS_CHANGED, levelChangePayload(change))];
    for (const step of await Promise.allSettled(steps)) {
      if (step.status === 'rejected') this.logger.error(`A change of levels is late: ${messageOf(step.reason)}`);
    }
  }
}

import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

/** What of the settings of the store can lose jobs; told at the start, and shown by the readiness probe. */
@Injectable()
export class QueueDurability implements OnApplicationBootstrap {
  private readonly logger = new Logger(QueueDurability.name);

  /** @param faults sentences for the operator */
  constructor(readonly faults: readonly string[]) {}

  onApplicationBootstrap(): void {
    for (const fault of this.faults) this.logger.warn(fault);
  }
}

import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RevokedGrants } from '../auth/jwt/revoked-grants.js';
import { messageOf } from '../common/gatehouse-error.js';
import { LoginRecords } from './login-records.js';

/** BullMQ queue of the clean-up. */
export const LOGIN_CLEANUP_QUEUE = 'login-cleanup';
const EVERY_MS = 600_000;

/** Removes what is over. */
@Processor(LOGIN_CLEANUP_QUEUE)
export class LoginCleanup extends WorkerHost {
  private readonly logger = new Logger(LoginCleanup.name);

  constructor(
    private readonly records: LoginRecords,
    private readonly revoked: RevokedGrants,
  ) {
    super();
  }

  override async process(): Promise<void> {
    await this.records.removeExpired();
    await this.revoked.forgetExpired();
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.error(`login clean-up: ${error.message}`);
  }
}

/** Schedules the clean-up, once for all replicas. */
@Injectable()
export class LoginCleanupScheduler implements OnApplicationBootstrap {
  private readonly logger = new Logger(LoginCleanup.name);

  constructor(@InjectQueue(LOGIN_CLEANUP_QUEUE) private readonly queue: Queue) {}

  onApplicationBootstrap(): void {
    const job = { name: 'clean-up', data: {}, opts: { removeOnComplete: true, removeOnFail: 10 } };
    this.queue.upsertJobScheduler('clean-up', { every: EVERY_MS }, job).catch((error: unknown) => {
      this.logger.error(`the clean-up could not be scheduled: ${messageOf(error)}`);
    });
  }
}

import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { Job } from 'bullmq';
import { UserTokenStore } from '../../mcp-servers/user-secrets/user-token-store.js';
import { REFRESH_QUEUE, type RefreshJob } from './refresh-schedule.js';
import { TokenRefresher } from './token-refresher.js';

/** Refreshes tokens ahead of their end. */
@Processor(REFRESH_QUEUE, { concurrency: 4 })
export class RefreshProcessor extends WorkerHost {
  private readonly logger = new Logger(RefreshProcessor.name);

  constructor(
    private readonly store: UserTokenStore,
    private readonly refresher: TokenRefresher,
  ) {
    super();
  }

  /** Rejects when the authorization server could not be asked, so that the queue tries again. */
  override async process({ data }: Job<RefreshJob>): Promise<void> {
    const key = { userId: data.userId, serverId: data.serverId };
    const stored = await this.store.find(key);
    // Tokens with another end were planned on their own.
    if (stored?.expiresAt?.getTime() !== data.expiresAt) return;
    const refreshed = await this.refresher.refresh(key, stored.tokens.access_token);
    if (refreshed?.status === 'refresh_failed') throw new Error('the authorization server could not be asked');
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.logger.error(`refresh worker: ${error.message}`);
  }
}

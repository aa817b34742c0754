import { createHash } from 'node:crypto';
import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { messageOf } from '../../common/gatehouse-error.js';
import type { OAuthTokens } from '../../mcp-servers/user-secrets/oauth-tokens.js';
import type { UserSecretKey } from '../../mcp-servers/user-secrets/user-secret-events.js';

/** BullMQ queue of refreshes ahead of time. */
export const REFRESH_QUEUE = 'oauth-refresh';

/** Data of one refresh. */
export interface RefreshJob extends UserSecretKey {
  /** End of the access token that it is planned for, as `Date.now()`. */
  readonly expiresAt: number;
}

/** Tokens are refreshed this long before their end, or in the last fifth of a shorter life. */
const AHEAD_MS = 60_000;
const AHEAD_PART = 0.2;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 5_000;

/** Plans the refresh of tokens ahead of their end. The plan lives in the queue, so replicas and restarts share it. */
@Injectable()
export class RefreshSchedule {
  private readonly logger = new Logger(RefreshSchedule.name);

  constructor(@InjectQueue(REFRESH_QUEUE) private readonly queue: Queue<RefreshJob>) {}

  /** Never rejects: tokens are refreshed when they are needed, too. */
  async plan(key: UserSecretKey, tokens: OAuthTokens, expiresAt: Date | null): Promise<void> {
    if (expiresAt === null || tokens.refresh_token === null) return;
    const lifetime = Math.max(0, expiresAt.getTime() - Date.now());
    const delay = Math.floor(lifetime - Math.min(AHEAD_MS, lifetime * AHEAD_PART));
    const job = { userId: key.userId, serverId: key.serverId, expiresAt: expiresAt.getTime() };
    const options = {
      ...{ jobId: createHash('sha256').update(JSON.stringify(job)).digest('hex'), delay, attempts: ATTEMPTS },
      ...{ backoff: { type: 'exponential', delay: FIRST_PAUSE_MS }, removeOnComplete: true, removeOnFail: 100 },
    };
    await this.queue.add('refresh', job, options).catch((error: unknown) => {
      this.logger.warn(`a refresh could not be planned: ${messageOf(error)}`);
    });
  }
}

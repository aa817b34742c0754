import { Redis } from 'ioredis';
import type { Secret } from '../common/secret.js';

const TIMEOUT_MS = 5_000;

/**
 * What of the settings of a Redis can lose jobs, as sentences for the operator. Asked with INFO, which managed services
 * allow where they refuse CONFIG.
 */
export async function durabilityFaults(redisUrl: Secret): Promise<string[]> {
  const redis = new Redis(redisUrl.reveal(), {
    ...{ lazyConnect: true, connectTimeout: TIMEOUT_MS, commandTimeout: TIMEOUT_MS, disconnectTimeout: 100 },
    ...{ retryStrategy: null, maxRetriesPerRequest: 0 },
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return faultsIn(await redis.info());
  } finally {
    redis.disconnect();
  }
}

/** @param info answer of INFO */
export function faultsIn(info: string): string[] {
  const value = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = value('maxmemory_policy');
  const faults: string[] = [];
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(
      `Redis may throw jobs away when its memory is full: set maxmemory-policy to noeviction, not ${policy}.`,
    );
  }
  if (value('aof_enabled') === '0') {
    faults.push('Redis loses the jobs of the last minutes when it is restarted: set appendonly to yes.');
  }
  return faults;
}

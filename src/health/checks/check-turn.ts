import { hash } from 'node:crypto';

/**
 * When in each interval a server has its turn, in milliseconds from the beginning of the interval: by its id, so that
 * the checks of many servers are spread evenly and keep their places through restarts. Never 0, which a scheduler
 * takes for none.
 */
export function turnOf(serverId: string, intervalMs: number): number {
  return 1 + (Number.parseInt(hash('sha256', serverId, 'hex').slice(0, 8), 16) % (intervalMs - 1));
}

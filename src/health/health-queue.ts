/** BullMQ queue of the background checks of upstreams. */
export const HEALTH_QUEUE = 'server-health';

/** Data of one check. */
export interface HealthJob {
  readonly serverId: string;
}

/** Id of the job scheduler of one server; the same on every replica, so a check is scheduled once. */
export const schedulerIdOf = (serverId: string): string => `check-${serverId}`;

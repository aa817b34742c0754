/** BullMQ queue of the background checks of upstreams. */
export const HEALTH_QUEUE = 'server-health';

/** What jobs do: check one server; forget old results. */
export type HealthJobName = 'check' | 'prune';

/** Data of one check. */
export interface HealthJob {
  readonly serverId: string;
  /** The server is new or was changed: it is checked although it is not due. */
  readonly atOnce?: boolean;
}

/** Id of the job scheduler of one server; the same on every replica, so a check is scheduled once. */
export const schedulerIdOf = (serverId: string): string => `check-${serverId}`;

/** Id of the job scheduler that has old results forgotten. */
export const PRUNE_SCHEDULER = 'prune';

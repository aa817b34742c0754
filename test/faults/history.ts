/**
 * How an attempt ended for its client. `throttled`: too many requests, which who is refused all the time is told;
 * `broken`: the connection ended first; `silent`: still no answer at the limit.
 */
export type Outcome =
  'ok' | 'failed' | 'denied' | 'unauthenticated' | 'throttled' | 'unavailable' | 'broken' | 'silent';

/** One tool call as its client saw it. Times are those of `performance.now()` of the observer, which is all of one process. */
export interface CallEntry {
  /** In the arguments of the call, and the id of its request. */
  readonly nonce: string;
  readonly caller: string;
  readonly door: string;
  /** The caller was never granted the tool. */
  readonly forbidden: boolean;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  /** What a failure said of itself. */
  readonly sent: string | null;
  /** Text of the result, or what else tells why. */
  readonly text: string;
}

/** A call as the upstream received it. */
export interface Arrival {
  readonly nonce: string;
  readonly at: number;
}

/** A caller's key was blocked or unblocked. */
export interface KeyChange {
  readonly caller: string;
  readonly to: 'allowed' | 'denied';
  readonly startedAt: number;
  readonly endedAt: number;
  /** Answered with 200. Otherwise it may have been done or not. */
  readonly acknowledged: boolean;
}

/** A key that was made, and what was left of it in the end. */
export interface WriteEntry {
  readonly name: string;
  readonly acknowledged: boolean;
  readonly stored: boolean;
  /** The write has its own record. */
  readonly recorded: boolean;
  /** Replicas that let the key in; of those that `asked` counts. Nobody is asked about a key that was not handed out. */
  readonly accepted: number;
  readonly asked: number;
}

/** What was done to the gateway. */
export interface Fault {
  readonly kind: string;
  readonly from: number;
  /** What was broken is whole again. */
  readonly healedAt: number;
  /** Outcomes that callers may see while it lasts and in the grace time after it. */
  readonly tolerates: readonly Outcome[];
  readonly graceMs: number;
  /** Calls that arrived or ended so shortly before it may be without a record; 0: none may. */
  readonly forgetsMs: number;
}

/** Everything that was observed, complete when the load has ended and all records are written. */
export interface History {
  readonly calls: readonly CallEntry[];
  readonly arrivals: readonly Arrival[];
  readonly changes: readonly KeyChange[];
  readonly writes: readonly WriteEntry[];
  readonly faults: readonly Fault[];
  /** Audit records of each nonce. */
  readonly records: ReadonlyMap<string, number>;
  /** Calls that came in an upstream session of somebody else. */
  readonly foreignCalls: number;
  /** Processes that ended without being told to. */
  readonly unexpectedExits: readonly string[];
}

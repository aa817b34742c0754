/** How much of everything a run does. */
export interface Form {
  readonly kills: number;
  readonly rolls: number;
  /** Rounds of each fault of PostgreSQL and Redis. */
  readonly outages: number;
  readonly revocations: number;
  readonly callsPerSecond: number;
  /** Duration of the longer calls, well within the drain limit of 25 s. */
  readonly longCallMs: number;
}

const SHORT: Form = { kills: 2, rolls: 2, outages: 1, revocations: 5, callsPerSecond: 25, longCallMs: 1_500 };
const LONG: Form = { kills: 50, rolls: 20, outages: 10, revocations: 100, callsPerSecond: 50, longCallMs: 5_000 };

declare global {
  /** Set by `long.config.mjs`. */
  var faultsForm: 'long' | undefined;
}

/** Short with all the other tests, long with `npm run test:faults`. */
export const FORM: Form = globalThis.faultsForm === 'long' ? LONG : SHORT;
/** Longest time of one test. */
export const LIMIT_MS = globalThis.faultsForm === 'long' ? 3_600_000 : 300_000;

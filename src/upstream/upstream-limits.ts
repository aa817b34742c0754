/** DI token of the {@link UpstreamLimits}. */
export const UPSTREAM_LIMITS = Symbol('gatehouse:upstream-limits');

/** What an upstream may take of time and memory. Durations are in milliseconds. */
export interface UpstreamLimits {
  /** Longest silence once an answer has begun. */
  readonly idleMs: number;
  /** Largest answer to one request, and longest line of a process. */
  readonly answerBytes: number;
  /** Limit of a request that is not a call: probe, handshake, one page of a list. Never above the server's own limit. */
  readonly handshakeMs: number;
  /** Longest wait of the goodbye that ends a session, and of a process between SIGTERM and SIGKILL. */
  readonly goodbyeMs: number;
  /** Idle time after which a 2025 session ends. */
  readonly sessionIdleMs: number;
  /** Idle time after which a process is stopped. */
  readonly processIdleMs: number;
  /** How long no call is sent to a server that several calls in a row could not reach. */
  readonly circuitPauseMs: number;
  /** How often idle sessions and processes are looked for. */
  readonly sweepMs: number;
  /** Age at which an upstream that was found to speak 2025 is probed again: it may have been upgraded. */
  readonly sessionEraMaxAgeMs: number;
  /** Pauses before the restarts of a process that keeps dying; the last one repeats. */
  readonly restartPausesMs: readonly number[];
  /** Sessions of one server; beyond, the longest idle one ends. */
  readonly sessionsPerServer: number;
  /** Processes of one server, which are far dearer than sessions. */
  readonly processesPerServer: number;
}

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  idleMs: 30_000,
  answerBytes: 10 * 1024 * 1024,
  handshakeMs: 15_000,
  goodbyeMs: 2_000,
  sessionIdleMs: 10 * 60_000,
  processIdleMs: 5 * 60_000,
  circuitPauseMs: 2_000,
  sweepMs: 30_000,
  sessionEraMaxAgeMs: 15 * 60_000,
  restartPausesMs: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000],
  sessionsPerServer: 1_000,
  processesPerServer: 64,
};

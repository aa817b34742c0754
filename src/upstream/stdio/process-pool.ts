import type { CancelSignal } from '../../common/cancellation.js';
import { asNotSent, tooManyCalls, unavailable, unavailableFor } from '../upstream-errors.js';
import { untilAborted } from '../until-aborted.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { StdioConnection } from './stdio-connection.js';

/** A process that lived this long was not in trouble when it started. */
const STABLE_AFTER_MS = 60_000;

/** Whose process is wanted, and how to make it if there is none. */
export interface ProcessRequest {
  readonly key: string;
  /** Makes the connection without starting it. */
  readonly make: (onGone: () => void) => StdioConnection;
  /** Ends the waiting, not the start: others may wait for it too. */
  readonly signal: CancelSignal;
}

class Slot {
  connection: StdioConnection | null = null;
  starting: Promise<StdioConnection> | null = null;
  users = 0;
  lastUsedAt = performance.now();
  startedAt = 0;
  /** Ends in a row that nobody asked for. */
  failures = 0;
  retryAt = 0;
  /** It is being stopped, so its end is no failure. */
  stopping = false;
}

/** The processes of one server, by whom they belong to. */
export class ProcessPool {
  readonly #slots = new Map<string, Slot>();
  #closed = false;

  constructor(private readonly limits: UpstreamLimits) {}

  /** Process ids of what runs, for logs. */
  get pids(): number[] {
    return [...this.#slots.values()].flatMap((slot) => slot.connection?.pid ?? []);
  }

  /**
   * Runs work with the process of this key, which is started once for all that wait for it.
   * @throws GatehouseError nothing sent: why it cannot be started; `upstream_unavailable` with `retryAfter` while a
   *   process that died waits for its restart; `rate_limited` when every process of a full pool is in use.
   */
  async use<T>(request: ProcessRequest, work: (connection: StdioConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw unavailable('no', 'the server was changed or removed');
    const slot = this.#slots.get(request.key) ?? this.#addSlot(request.key);
    slot.users++;
    try {
      return await work(slot.connection ?? (await untilAborted(this.#start(slot, request), request.signal)));
    } finally {
      slot.users--;
      slot.lastUsedAt = performance.now();
      if (this.#closed && slot.users === 0) void this.#drop(request.key, slot);
    }
  }

  /** Stops the processes that were idle for too long. */
  sweep(): void {
    const oldest = performance.now() - this.limits.processIdleMs;
    for (const [key, slot] of this.#slots) {
      if (slot.users === 0 && slot.lastUsedAt < oldest) void this.#drop(key, slot);
    }
  }

  /** Stops every process as soon as no call runs on it, and starts no more. */
  async retire(): Promise<void> {
    this.#closed = true;
    const idle = [...this.#slots].filter(([, slot]) => slot.users === 0);
    await Promise.all(idle.map(([key, slot]) => this.#drop(key, slot)));
  }

  /** Stops every process now, and starts no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#slots].map(([key, slot]) => this.#drop(key, slot)));
  }

  #addSlot(key: string): Slot {
    if (this.#slots.size >= this.limits.processesPerServer) this.#makeRoom();
    const slot = new Slot();
    this.#slots.set(key, slot);
    return slot;
  }

  #makeRoom(): void {
    const idle = [...this.#slots].filter(([, slot]) => slot.users === 0);
    const [first, ...others] = idle;
    if (first === undefined) throw tooManyCalls('every process is in use');
    const idlest = others.reduce((least, entry) => (entry[1].lastUsedAt < least[1].lastUsedAt ? entry : least), first);
    void this.#drop(...idlest);
  }

  #start(slot: Slot, request: ProcessRequest): Promise<StdioConnection> {
    const waitMs = slot.retryAt - Date.now();
    if (slot.starting === null && waitMs > 0) {
      return Promise.reject(
        unavailableFor(Math.ceil(waitMs / 1_000), 'no', 'the process died and is not restarted yet'),
      );
    }
    slot.starting ??= this.#open(slot, request).finally(() => {
      slot.starting = null;
    });
    return slot.starting;
  }

  async #open(slot: Slot, request: ProcessRequest): Promise<StdioConnection> {
    const connection: StdioConnection = request.make(() => this.#onGone(slot, connection));
    slot.startedAt = Date.now();
    try {
      await connection.open();
    } catch (error) {
      this.#noteFailure(slot);
      throw asNotSent(error);
    }
    if (slot.stopping) {
      await connection.close();
      throw unavailable('no', 'the process was stopped while it started');
    }
    slot.connection = connection;
    return connection;
  }

  #onGone(slot: Slot, connection: StdioConnection): void {
    // Before that the start itself fails, and counts.
    if (slot.connection !== connection) return;
    slot.connection = null;
    if (!slot.stopping) this.#noteFailure(slot);
  }

  #noteFailure(slot: Slot): void {
    const pauses = this.limits.restartPausesMs;
    const livedMs = Date.now() - slot.startedAt;
    slot.failures = livedMs > STABLE_AFTER_MS ? 1 : slot.failures + 1;
    slot.retryAt = Date.now() + (pauses[Math.min(slot.failures, pauses.length) - 1] ?? 0);
  }

  async #drop(key: string, slot: Slot): Promise<void> {
    this.#slots.delete(key);
    slot.stopping = true;
    await slot.starting?.catch(() => null);
    await slot.connection?.close();
  }
}

import type { CancelSignal } from '../../common/cancellation.js';
import { untilAborted } from '../until-aborted.js';
import { tooManyCalls, unavailable } from '../upstream-errors.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import type { HttpSession } from './http-session.js';

interface Slot {
  readonly opening: Promise<HttpSession>;
  /** null while it opens. */
  session: HttpSession | null;
  /** Calls that use it. */
  users: number;
  lastUsedAt: number;
}

/** Whose session is wanted, and how to open it if there is none. */
export interface SessionRequest {
  readonly key: string;
  readonly open: () => Promise<HttpSession>;
  /** Ends the waiting, not the opening: others may wait for it too. */
  readonly signal: CancelSignal;
}

/** The sessions with one server, by whom they belong to. */
export class SessionPool {
  readonly #slots = new Map<string, Slot>();
  /** Out of the pool, but calls still run in them. */
  readonly #leaving = new Set<Slot>();
  #closed = false;

  constructor(private readonly limits: UpstreamLimits) {}

  /**
   * Runs work in the session of this key, which is opened once for all that wait for it.
   * @throws GatehouseError what `open` throws, `call_cancelled` while it waits, or `rate_limited` when every session of a full pool is in use.
   */
  async use<T>(request: SessionRequest, work: (session: HttpSession) => Promise<T>): Promise<T> {
    const slot = this.#slots.get(request.key) ?? this.#open(request);
    slot.users++;
    try {
      return await work(slot.session ?? (await untilAborted(slot.opening, request.signal)));
    } finally {
      slot.users--;
      slot.lastUsedAt = performance.now();
      if (this.#leaving.has(slot)) void this.#endIfLeft(slot);
    }
  }

  /** The upstream does not know this session any more. */
  discard(key: string, session: HttpSession): void {
    if (this.#slots.get(key)?.session === session) this.#slots.delete(key);
  }

  /** Ends the sessions that were idle for too long. */
  sweep(): void {
    const oldest = performance.now() - this.limits.sessionIdleMs;
    for (const [key, slot] of this.#slots) {
      if (slot.users === 0 && slot.lastUsedAt < oldest) this.#retire(key, slot);
    }
  }

  /** Ends every session as soon as no call runs in it, and opens no more. */
  async retire(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#slots].map(([key, slot]) => this.#retire(key, slot)));
  }

  /** Ends every session now. */
  async close(): Promise<void> {
    this.#closed = true;
    const slots = [...this.#slots.values(), ...this.#leaving];
    this.#slots.clear();
    this.#leaving.clear();
    await Promise.all(slots.map(endSession));
  }

  #open({ key, open }: SessionRequest): Slot {
    if (this.#closed) throw unavailable('no', 'the server was changed or removed');
    if (this.#slots.size >= this.limits.sessionsPerServer) this.#makeRoom();
    const slot: Slot = { opening: open(), session: null, users: 0, lastUsedAt: performance.now() };
    this.#slots.set(key, slot);
    void this.#follow(key, slot);
    return slot;
  }

  async #follow(key: string, slot: Slot): Promise<void> {
    try {
      slot.session = await slot.opening;
    } catch {
      // Whoever waits for the session gets the error; the next one tries again.
      if (this.#slots.get(key) === slot) this.#slots.delete(key);
    }
  }

  #makeRoom(): void {
    let idlest: [string, Slot] | null = null;
    for (const entry of this.#slots) {
      if (entry[1].users > 0) continue;
      if (idlest === null || entry[1].lastUsedAt < idlest[1].lastUsedAt) idlest = entry;
    }
    if (idlest === null) throw tooManyCalls('every session is in use');
    void this.#retire(...idlest);
  }

  async #retire(key: string, slot: Slot): Promise<void> {
    this.#slots.delete(key);
    this.#leaving.add(slot);
    await this.#endIfLeft(slot);
  }

  async #endIfLeft(slot: Slot): Promise<void> {
    if (slot.users > 0 || !this.#leaving.delete(slot)) return;
    await endSession(slot);
  }
}

async function endSession(slot: Slot): Promise<void> {
  const session = slot.session ?? (await slot.opening.catch(() => null));
  await session?.end();
}

import type { CancelSignal } from '../../common/cancellation.js';
import { untilAborted } from '../until-aborted.js';
import { tooManyCalls, unavailable } from '../upstream-errors.js';
import type { UpstreamLimits } from '../upstream-limits.js';

/** What a pool keeps. */
export interface PooledSession {
  /** Says goodbye; never rejects. */
  end(): Promise<void>;
}

interface Slot<Session> {
  readonly opening: Promise<Session>;
  /** null while it opens. */
  session: Session | null;
  /** Calls that use it. */
  users: number;
  lastUsedAt: number;
}

/** Whose session is wanted, and how to open it if there is none. */
export interface SessionRequest<Session> {
  readonly key: string;
  readonly open: () => Promise<Session>;
  /** Ends the waiting, not the opening: others may wait for it too. */
  readonly signal: CancelSignal;
}

/** The sessions with one server, by whom they belong to. */
export class SessionPool<Session extends PooledSession> {
  readonly #slots = new Map<string, Slot<Session>>();
  /** Out of the pool, but calls still run in them. */
  readonly #leaving = new Set<Slot<Session>>();
  #closed = false;

  constructor(private readonly limits: UpstreamLimits) {}

  /**
   * Runs work in the session of this key, which is opened once for all that wait for it.
   * @throws GatehouseError what `open` throws, `call_cancelled` while it waits, or `rate_limited` when every session of a full pool is in use.
   */
  async use<T>(request: SessionRequest<Session>, work: (session: Session) => Promise<T>): Promise<T> {
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
  discard(key: string, session: Session): void {
    if (this.#slots.get(key)?.session === session) this.#slots.delete(key);
  }

  /** Does no session stand, and none end? */
  get isEmpty(): boolean {
    return this.#slots.size === 0 && this.#leaving.size === 0;
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

  #open({ key, open }: SessionRequest<Session>): Slot<Session> {
    if (this.#closed) throw unavailable('no', 'the server was changed or removed');
    if (this.#slots.size >= this.limits.sessionsPerServer) this.#makeRoom();
    const slot: Slot<Session> = { opening: open(), session: null, users: 0, lastUsedAt: performance.now() };
    this.#slots.set(key, slot);
    void this.#follow(key, slot);
    return slot;
  }

  async #follow(key: string, slot: Slot<Session>): Promise<void> {
    try {
      slot.session = await slot.opening;
    } catch {
      // Whoever waits for the session gets the error; the next one tries again.
      if (this.#slots.get(key) === slot) this.#slots.delete(key);
    }
  }

  #makeRoom(): void {
    let idlest: [string, Slot<Session>] | null = null;
    for (const entry of this.#slots) {
      if (entry[1].users > 0) continue;
      if (idlest === null || entry[1].lastUsedAt < idlest[1].lastUsedAt) idlest = entry;
    }
    if (idlest === null) throw tooManyCalls('every session is in use');
    void this.#retire(...idlest);
  }

  async #retire(key: string, slot: Slot<Session>): Promise<void> {
    this.#slots.delete(key);
    this.#leaving.add(slot);
    await this.#endIfLeft(slot);
  }

  async #endIfLeft(slot: Slot<Session>): Promise<void> {
    if (slot.users > 0 || !this.#leaving.delete(slot)) return;
    await endSession(slot);
  }
}

async function endSession(slot: Slot<PooledSession>): Promise<void> {
  const session = slot.session ?? (await slot.opening.catch(() => null));
  await session?.end();
}

import { setTimeout as pause } from 'node:timers/promises';
import { MCP_DOORS } from '../e2e/doors/mcp-doors.js';
import { REST_DOOR } from '../e2e/doors/rest-door.js';
import type { Door, DoorAnswer } from '../e2e/doors/door.js';
import { http, type HttpAnswer } from '../e2e/support/http.js';
import type { CallEntry, KeyChange, Outcome } from './history.js';

/** Who waits longer has no answer. */
const ANSWER_LIMIT_MS = 40_000;
const CHANGE_EVERY_MS = 3_500;
const WRITE_EVERY_MS = 500;
/** One call of so many takes longer. */
const LONG_EVERY = 20;
const FORBIDDEN_EVERY = 5;
const INVALID_PARAMS = -32602;
const DOORS: readonly Door[] = [...MCP_DOORS.filter(({ name }) => !/^2025 \//.test(name)), REST_DOOR];

/** Whom calls are made for and where they go. */
export interface LoadTarget {
  readonly url: string;
  readonly adminKey: string;
  /** Keys whose state never changes, by name. */
  readonly steady: ReadonlyMap<string, string>;
  /** The key that is blocked and unblocked all the time. */
  readonly toggled: string;
  readonly granted: readonly string[];
  /** A server that nobody was granted. */
  readonly forbidden: string;
  readonly callsPerSecond: number;
  /** Duration of the longer calls. */
  readonly longMs: number;
}

/** A key that was asked for. */
export interface MadeKey {
  readonly name: string;
  /** null: not acknowledged. */
  readonly key: string | null;
}

/** Calls of every door, changes of a key and writes, all the time and each with its entry in the history. */
export class Load {
  readonly calls: CallEntry[] = [];
  readonly changes: KeyChange[] = [];
  readonly writes: MadeKey[] = [];
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(
    private readonly run: string,
    private readonly target: LoadTarget,
  ) {}

  start(): void {
    const steps = [
      [1000 / this.target.callsPerSecond, (turn: number) => this.#call(turn)],
      [CHANGE_EVERY_MS, (turn: number) => this.#toggle(turn)],
      [WRITE_EVERY_MS, (turn: number) => this.#write(turn)],
    ] as const;
    for (const [everyMs, step] of steps) this.#track(this.#repeat(everyMs, step));
  }

  /** Resolves when every call has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #repeat(everyMs: number, step: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      this.#track(step(turn));
      await pause(everyMs);
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #call(turn: number): Promise<void> {
    const callers = [...this.target.steady, ['toggled', this.target.toggled] as const];
    const [caller, key] = pick(callers, turn);
    const door = pick(DOORS, Math.floor(turn / callers.length));
    const forbidden = turn % FORBIDDEN_EVERY === 0;
    const server = forbidden ? this.target.forbidden : pick(this.target.granted, turn);
    const nonce = `${this.run}-${turn}`;
    const work = turn % LONG_EVERY === 1 ? this.target.longMs : 0;
    const sentAt = performance.now();
    const ended = door.call(this.target.url, {
      ...{ key, server, tool: 'repeat', requestId: nonce },
      arguments: { nonce, owner: caller, ...(work > 0 && { work }) },
    });
    const answer = await inTime(ended);
    const endedAt = performance.now();
    this.calls.push({ nonce, caller, door: door.name, forbidden, sentAt, endedAt, ...entryOf(answer) });
  }

  async #toggle(turn: number): Promise<void> {
    const to = turn % 2 === 0 ? 'denied' : 'allowed';
    const startedAt = performance.now();
    const answer = await this.#admin(to === 'denied' ? '/key/block' : '/key/unblock', { key: this.target.toggled });
    const acknowledged = answer?.status === 200;
    this.changes.push({ caller: 'toggled', to, startedAt, endedAt: performance.now(), acknowledged });
  }

  async #write(turn: number): Promise<void> {
    const name = `${this.run}-key-${turn}`;
    const answer = await this.#admin('/key/generate', { key_alias: name });
    this.writes.push({ name, key: answer?.status === 200 ? (answer.json as { key: string }).key : null });
  }

  /** null: the connection ended, or there was no answer. */
  async #admin(path: string, body: object): Promise<HttpAnswer | null> {
    const headers = { authorization: `Bearer ${this.target.adminKey}` };
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    return http(`${this.target.url}${path}`, { method: 'POST', headers, body, signal }).catch(() => null);
  }
}

/** The answer, `silent`, or the error that the connection ended with. */
async function inTime(answer: Promise<DoorAnswer>): Promise<DoorAnswer | 'silent' | Error> {
  const late = new AbortController();
  const limit = pause(ANSWER_LIMIT_MS, 'silent' as const, { signal: late.signal });
  const settled = answer.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  try {
    return await Promise.race([settled, limit]);
  } finally {
    late.abort();
    await limit.catch(() => undefined);
  }
}

function entryOf(answer: DoorAnswer | 'silent' | Error): Pick<CallEntry, 'outcome' | 'sent' | 'text'> {
  if (answer === 'silent') return { outcome: 'silent', sent: null, text: '' };
  if (answer instanceof Error) return { outcome: 'broken', sent: null, text: answer.message };
  const { sent, text, code, status } = answer;
  const outcome = outcomeOf(answer);
  return { outcome, sent, text: outcome === 'ok' ? text : `HTTP ${status} ${code ?? ''} ${text}` };
}

function outcomeOf({ kind, status, rpcCode }: DoorAnswer): Outcome {
  if (kind === 'ok') return 'ok';
  if (status === 401) return 'unauthenticated';
  if (status === 429) return 'throttled';
  if (status >= 500) return 'unavailable';
  if (kind === 'refused' && (status === 403 || rpcCode === INVALID_PARAMS)) return 'denied';
  return 'failed';
}

function pick<T>(choices: readonly T[], turn: number): T {
  const choice = choices[turn % choices.length];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}

import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DEADLINES, type Timed } from '../common/deadlines.js';
import { NOT_SEATED } from '../common/roster.js';
import { CONFIG, type Config } from '../config/config.js';
import type { StateBinding } from './request-binding.js';
import { RequestStates } from './request-states.js';

/** Calls of one caller that may be parked at the same time. */
export const MAX_PARKED_PER_PRINCIPAL = 32;
/** Of all callers. Each keeps a connection to its upstream, of which there are more. */
const MAX_PARKED = 1_000;

/** A call whose client was asked something and is expected to repeat its request. */
export interface ParkableCall {
  /** The client did not come back in time, or the gateway stops: nobody will answer. */
  expire(): void;
}

class Entry<Call extends ParkableCall> implements Timed {
  seat = NOT_SEATED;
  readonly id = randomUUID();

  constructor(
    readonly call: Call,
    readonly principalId: string,
    readonly deadline: number,
    private readonly onExpired: (entry: Entry<Call>) => void,
  ) {}

  onDeadline(): void {
    this.onExpired(this);
  }
}

/** The parked calls of this process. They are bounded, by caller and altogether, and none is parked for ever. */
@Injectable()
export class ParkedCalls<Call extends ParkableCall = ParkableCall> implements OnModuleDestroy {
  private readonly entries = new Map<string, Entry<Call>>();
  private readonly entryOf = new Map<Call, Entry<Call>>();
  private readonly countOf = new Map<string, number>();
  private readonly waitMs: number;
  private closed = false;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'parkedCallMs'>,
    private readonly states: RequestStates,
  ) {
    this.waitMs = config.parkedCallMs;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Parks a call. @returns the state by which {@link take} finds it, once; null: there is no room for it */
  park(call: Call, principalId: string, binding: StateBinding): string | null {
    const parked = this.countOf.get(principalId) ?? 0;
    if (this.closed || this.entries.size >= MAX_PARKED || parked >= MAX_PARKED_PER_PRINCIPAL) return null;
    const deadline = performance.now() + this.waitMs;
    const entry = new Entry(call, principalId, deadline, (late) => this.expire(late));
    this.entries.set(entry.id, entry);
    this.entryOf.set(call, entry);
    this.countOf.set(principalId, parked + 1);
    DEADLINES.watch(entry);
    return this.states.seal(entry.id, Date.now() + this.waitMs, binding);
  }

  /** The call that was parked under a state, which is parked no more; undefined: there is none for this request. */
  take(state: string, binding: StateBinding): Call | undefined {
    const place = this.states.open(state, binding);
    const entry = place?.isHere === true ? this.entries.get(place.parkedId) : undefined;
    if (entry !== undefined) this.remove(entry);
    return entry?.call;
  }

  /** The other process that the call of a state is parked in; null: it is not parked elsewhere. */
  holderOf(state: string, binding: StateBinding): string | null {
    const place = this.states.open(state, binding);
    return place === null || place.isHere ? null : place.replicaId;
  }

  /** The call is over, parked or not. */
  forget(call: Call): void {
    const entry = this.entryOf.get(call);
    if (entry !== undefined) this.remove(entry);
  }

  /** Lets all of them expire, and parks no more. */
  close(): void {
    this.closed = true;
    for (const entry of [...this.entries.values()]) this.expire(entry);
  }

  onModuleDestroy(): void {
    this.close();
  }

  private expire(entry: Entry<Call>): void {
    this.remove(entry);
    entry.call.expire();
  }

  private remove(entry: Entry<Call>): void {
    if (!this.entries.delete(entry.id)) return;
    DEADLINES.forget(entry);
    this.entryOf.delete(entry.call);
    const parked = (this.countOf.get(entry.principalId) ?? 1) - 1;
    if (parked > 0) this.countOf.set(entry.principalId, parked);
    else this.countOf.delete(entry.principalId);
  }
}

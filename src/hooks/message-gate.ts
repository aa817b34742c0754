import { deepFreeze, type JsonObject } from '../common/json.js';
import type { UpstreamMessage } from './hook.types.js';

/** What is held at most, as JSON text. A result that is worth more progress than this is read without it. */
const MOST_CHARACTERS = 256 * 1024;

type Deliver = (method: string, params: JsonObject) => void;

/**
 * Keeps progress and log messages of the upstream from the client until the hooks have let the call pass. What comes
 * after the hooks looked, or does not fit, is dropped: messages may get lost in this protocol, unseen text may not get
 * through.
 */
export class MessageGate {
  #state: 'holding' | 'open' | 'shut' = 'holding';
  #held: UpstreamMessage[] = [];
  #characters = 0;

  /** @param deliver hands a message to the client */
  constructor(private readonly deliver: Deliver) {}

  /** Takes a message of the upstream. */
  take(method: string, params: JsonObject): void {
    if (this.#state === 'open') this.deliver(method, params);
    if (this.#state !== 'holding') return;
    this.#characters += JSON.stringify(params).length;
    if (this.#characters <= MOST_CHARACTERS) this.#held.push(deepFreeze({ method, params }));
  }

  /** From now on nothing more is taken; returns what is held. */
  seal(): readonly UpstreamMessage[] {
    this.#state = 'shut';
    return Object.freeze([...this.#held]);
  }

  /** Delivers what is held, in order. @param live also what comes later */
  open(live: boolean): void {
    this.#state = live ? 'open' : 'shut';
    for (const { method, params } of this.#held.splice(0)) this.deliver(method, params);
  }

  /** Drops what is held and what comes later. */
  shut(): void {
    this.#state = 'shut';
    this.#held = [];
  }
}

import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/**
 * A value that must not reach a log, a response or an error text. It prints as `[redacted]` in every way that Node
 * has of printing; only an explicit `reveal()` gives the value, so each use can be found by searching for that word.
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

interface Waiter<T> {
  resolve(arrived: T): void;
  reject(error: unknown): void;
}

/** Where those who need a connection meet the one that is there, or wait for the next one. */
export class Meeting<T> {
  /** Resolves when something arrived, or could not, for the first time. Never rejects. */
  readonly first: Promise<void>;
  #resolveFirst!: () => void;
  #present: T | null = null;
  #waiters: Waiter<T>[] = [];
  #leaving: (() => void)[] = [];
  #end: { readonly error: unknown } | null = null;

  constructor() {
    this.first = new Promise((resolve) => (this.#resolveFirst = resolve));
  }

  get present(): T | null {
    return this.#present;
  }

  /** What is there, or what arrives next. @throws what {@link fail} or {@link end} are told */
  next(): Promise<T> {
    if (this.#end !== null) return Promise.reject(this.#end.error);
    if (this.#present !== null) return Promise.resolve(this.#present);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  arrive(arrived: T): void {
    if (this.#end !== null) return;
    this.#present = arrived;
    for (const { resolve } of this.#waiters.splice(0)) resolve(arrived);
    this.#resolveFirst();
  }

  /** What was there is not there any more. */
  leave(left: T): void {
    if (this.#present !== left) return;
    this.#present = null;
    for (const tell of this.#leaving.splice(0)) tell();
  }

  /** Resolves when this one leaves, or nothing is to come. */
  lost(present: T): Promise<void> {
    if (this.#present !== present) return Promise.resolve();
    return new Promise((resolve) => this.#leaving.push(resolve));
  }

  /** Nothing arrives for now; whoever comes later waits for the next attempt. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    this.#resolveFirst();
  }

  /** Nothing arrives any more. */
  end(error: unknown): void {
    this.#end ??= { error };
    this.fail(error);
    for (const tell of this.#leaving.splice(0)) tell();
  }
}

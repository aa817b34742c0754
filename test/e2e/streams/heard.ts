/** What a client was told, in order, and a way to wait for it. */
export class Heard {
  readonly all: string[] = [];
  #waiting: (() => void)[] = [];

  add(entry: string): void {
    this.all.push(entry);
    for (const look of this.#waiting.splice(0)) look();
  }

  count(entry: string): number {
    return this.all.filter((one) => one === entry).length;
  }

  /** Resolves when the entry was heard this often; fails after 15 s. */
  async until(entry: string, times = 1): Promise<void> {
    const deadline = Date.now() + 15_000;
    while (this.count(entry) < times) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`not heard: ${entry} (heard: ${this.all.join(', ')})`);
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }
}

/** Resolves when the condition holds; fails after 15 s. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`did not become true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Long enough for what must not come. */
export function quietTime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_200));
}

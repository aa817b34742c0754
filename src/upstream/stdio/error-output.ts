import type { Logger } from '@nestjs/common';

const LINES_PER_WINDOW = 50;
const WINDOW_MS = 10_000;

/** Takes the error output of a process into the log, and no more of it than a person could read. */
export class ErrorOutput {
  #windowEnd = 0;
  #lines = 0;

  constructor(
    private readonly logger: Logger,
    private readonly serverId: string,
  ) {}

  add(line: string): void {
    const now = Date.now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines <= LINES_PER_WINDOW) this.logger.log(`Server ${this.serverId}: ${printable(line)}`);
    else if (this.#lines === LINES_PER_WINDOW + 1) this.logger.log(`Server ${this.serverId}: more lines are left out`);
  }
}

/** Control characters would let a process write what looks like lines of the gateway. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

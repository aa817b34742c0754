export const NEWLINE = 0x0a;

/** Cuts a byte stream into lines and holds no more of a line than the limit. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #length = 0;
  /** Inside the rest of a line that was too long. */
  #skipping = false;

  constructor(
    private readonly limitBytes: number,
    private readonly onLine: (line: Buffer) => void,
    /** Gets the beginning of a line that is longer than the limit; its rest is dropped. */
    private readonly onOverlong: (beginning: Buffer) => void,
  ) {}

  feed(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#append(chunk.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    if (from < chunk.length) this.#append(chunk.subarray(from));
  }

  #append(part: Buffer): void {
    if (this.#skipping) return;
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length <= this.limitBytes) return;
    this.#skipping = true;
    this.onOverlong(this.#take().subarray(0, this.limitBytes));
  }

  #endLine(): void {
    const line = this.#take();
    if (!this.#skipping && line.length > 0) this.onLine(line);
    this.#skipping = false;
  }

  #take(): Buffer {
    const [first] = this.#parts;
    const line = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

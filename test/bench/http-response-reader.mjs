const HEAD_END = '\r\n\r\n';

/**
 * The least that reads answers of HTTP/1.1 servers on a connection with one request at a time: status and body, with
 * `content-length` or `chunked`. A parser for everything would cost the driver more than the servers that it drives.
 */
export class HttpResponseReader {
  #parts = [];
  #length = 0;
  /** Bytes of the whole answer once its length is known; before that 0. */
  #needed = 0;

  /**
   * @param {Buffer} chunk what the socket gave
   * @returns {{status: number, body: Buffer} | null} null: more bytes are needed
   * @throws Error when the bytes are no answer that this reader knows
   */
  push(chunk) {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return null;
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#length);
    const response = this.#read(bytes);
    this.#parts = response === null ? [bytes] : [];
    if (response !== null) this.#length = this.#needed = 0;
    return response;
  }

  #read(bytes) {
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return null;
    const head = bytes.latin1Slice(0, headEnd).toLowerCase();
    const start = headEnd + HEAD_END.length;
    const status = Number(head.slice(9, 12));
    const length = contentLength(head);
    if (length === null) return readChunked(head, status, bytes, start);
    this.#needed = start + length;
    if (bytes.length < this.#needed) return null;
    if (bytes.length > this.#needed) throw new Error('bytes after the end of the answer');
    return { status, body: bytes.subarray(start) };
  }
}

function contentLength(head) {
  const at = head.indexOf('\r\ncontent-length:');
  return at === -1 ? null : Number.parseInt(head.slice(at + 17, at + 40), 10);
}

function readChunked(head, status, bytes, start) {
  if (!head.includes('\r\ntransfer-encoding: chunked')) throw new Error(`an answer without a length: ${head}`);
  const parts = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.latin1Slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return null;
    if (size === 0) return { status, body: parts.length === 1 ? parts[0] : Buffer.concat(parts) };
    parts.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}

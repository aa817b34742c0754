import { EventEmitter } from 'node:events';
import { request } from 'undici';

type Json = Record<string, unknown>;

/** An event stream that is open, with everything that came so far. */
export class LiveStream {
  private readonly messages: Json[] = [];
  private readonly arrivals = new EventEmitter();
  private readonly gone = new AbortController();

  /** Resolves when the head of the stream is there. @param message null: GET */
  static async open(url: string, headers: Record<string, string>, message: Json | null): Promise<LiveStream> {
    const stream = new LiveStream();
    const { body } = await request(url, {
      method: message === null ? 'GET' : 'POST',
      headers: { ...headers, ...(message !== null && { 'content-type': 'application/json' }) },
      body: message === null ? null : JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: stream.gone.signal,
    });
    void stream.read(body);
    return stream;
  }

  /** The first message of which this is true, be it there or to come. */
  async find(matches: (message: Json) => boolean): Promise<Json> {
    for (;;) {
      const found = this.messages.find(matches);
      if (found !== undefined) return found;
      await new Promise((resolve) => this.arrivals.once('message', resolve));
    }
  }

  close(): void {
    this.gone.abort();
  }

  private async read(body: AsyncIterable<Buffer>): Promise<void> {
    let rest = '';
    try {
      for await (const chunk of body) {
        const lines = (rest + chunk.toString('utf8')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.take(line);
      }
    } catch (error) {
      if (!this.gone.signal.aborted) throw error;
    }
  }

  private take(line: string): void {
    if (!line.startsWith('data: {')) return;
    this.messages.push(JSON.parse(line.slice('data: '.length)) as Json);
    this.arrivals.emit('message');
  }
}

import { request as httpRequest, type IncomingMessage } from 'node:http';

type Json = Record<string, unknown>;

/** One SSE event as it came. */
export interface RawEvent {
  readonly id: string | null;
  readonly data: string;
  /** `data` as a message; null when it is none. */
  readonly message: (Json & { params?: Json; result?: Json; error?: Json }) | null;
}

/** An SSE response that is read without an SDK, so that ids, comments and broken connections can be seen. */
export class RawStream {
  readonly events: RawEvent[] = [];
  /** Everything that came. */
  text = '';
  readonly ended: Promise<void>;

  private constructor(private readonly response: IncomingMessage) {
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
      const frames = (rest + chunk).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) this.events.push(eventOf(frame));
    });
    this.ended = new Promise((resolve) => response.once('close', resolve));
    response.on('error', () => undefined);
  }

  static open(url: string, { method = 'GET', headers = {}, body }: RawRequest): Promise<RawStream> {
    return new Promise((resolve, reject) => {
      const accept = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
      const req = httpRequest(url, { method, agent: false, headers: { ...accept, ...headers } }, (res) =>
        resolve(new RawStream(res)),
      );
      req.on('error', reject);
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): IncomingMessage['headers'] {
    return this.response.headers;
  }

  get messages(): NonNullable<RawEvent['message']>[] {
    return this.events.flatMap(({ message }) => (message === null ? [] : [message]));
  }

  get lastId(): string {
    return this.events.findLast(({ id }) => id !== null)?.id ?? '';
  }

  /** Methods and, of updates, URIs, in order. */
  get heard(): string[] {
    return this.messages.map(({ method, params }) => {
      const { uri } = params ?? {};
      return typeof uri === 'string' ? `${String(method)} ${uri}` : String(method);
    });
  }

  /** Breaks the connection. */
  break(): void {
    this.response.destroy();
  }

  /** Reads no more until {@link resume}. */
  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }
}

export interface RawRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: Json;
}

/** A 2025 session without an SDK. */
export class RawSession {
  private lastId = 1;

  private constructor(
    private readonly url: string,
    readonly headers: Record<string, string>,
  ) {}

  static async open(url: string, key: string, version = '2025-11-25'): Promise<RawSession> {
    const headers = { authorization: `Bearer ${key}` };
    const params = { protocolVersion: version, capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const hello = await RawStream.open(url, {
      ...{ method: 'POST', headers },
      body: { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    });
    await hello.ended;
    return new RawSession(url, { ...headers, 'mcp-session-id': String(hello.headers['mcp-session-id']) });
  }

  listen(more: Record<string, string> = {}): Promise<RawStream> {
    return RawStream.open(this.url, { headers: { ...this.headers, ...more } });
  }

  post(method: string, params: Json = {}): Promise<RawStream> {
    const id = ++this.lastId;
    return RawStream.open(this.url, {
      ...{ method: 'POST', headers: this.headers },
      body: { jsonrpc: '2.0', id, method, params },
    });
  }

  /** The answer to a request, read to its end. */
  async ask(method: string, params: Json = {}): Promise<Json & { result?: Json; error?: Json }> {
    const answer = await this.post(method, params);
    await answer.ended;
    return answer.messages.at(-1) ?? JSON.parse(answer.text);
  }
}

/** A `subscriptions/listen` without an SDK. */
export function listenRaw(
  url: string,
  key: string,
  notifications: Json,
  id: string | number = 'l1',
): Promise<RawStream> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = {
    authorization: `Bearer ${key}`,
    ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
  };
  return RawStream.open(url, {
    ...{ method: 'POST', headers },
    body: { jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { notifications, _meta } },
  });
}

function eventOf(frame: string): RawEvent {
  const data = /^data: (.*)$/m.exec(frame)?.[1] ?? '';
  return { id: /^id: (.*)$/m.exec(frame)?.[1] ?? null, data, message: data.startsWith('{') ? JSON.parse(data) : null };
}

import { request } from 'undici';

/** One HTTP answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Parsed body; for an event stream the JSON of each `data:` line. undefined when it is neither. */
  readonly json: unknown;
  readonly events: readonly unknown[];
}

export interface HttpCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A list is sent as that many headers of the name. */
  readonly headers?: Record<string, string | string[]>;
  /** Sent as it is when a string, else as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Sends one request and reads the whole answer. */
export async function http(url: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, signal } = call;
  const answer = await request(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  });
  const text = await answer.body.text();
  const events = isStream(answer.headers) ? eventsOf(text) : [];
  return { status: answer.statusCode, headers: answer.headers, text, json: jsonOf(text), events };
}

function isStream(headers: HttpAnswer['headers']): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/event-stream');
}

function eventsOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line.length > 'data: '.length)
    .map((line) => jsonOf(line.slice('data: '.length)));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

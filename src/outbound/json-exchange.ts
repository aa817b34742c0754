import type { Readable } from 'node:stream';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { exceedsJsonDepth } from '../common/json-depth.js';
import type { OutboundClient } from './outbound-client.js';

const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

/** A request for a JSON object. */
export interface JsonRequest {
  readonly url: string;
  /** Default: GET. */
  readonly method?: 'GET' | 'POST';
  /** Besides `accept`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request; it has no time limit of its own. */
  readonly signal: AbortSignal;
  /** Larger answers are refused, in bytes. */
  readonly maxBytes: number;
}

/** A JSON object with the bytes that it was read from. */
export interface JsonAnswer {
  readonly document: JsonObject;
  readonly bytes: Buffer;
}

/**
 * Asks for a JSON object. Follows no redirect, and takes only status 200, JSON, a sane size and depth.
 * @throws Error whose message says what is wrong and repeats nothing of the answer, for the log
 */
export async function exchangeJson(
  outbound: Pick<OutboundClient, 'dispatcherFor'>,
  { url, method = 'GET', headers = {}, body, signal, maxBytes }: JsonRequest,
): Promise<JsonAnswer> {
  const { origin, pathname, search } = new URL(url);
  const answer = await outbound.dispatcherFor(origin).request({
    path: `${pathname}${search}`,
    method,
    headers: { accept: 'application/json', ...headers },
    body: body ?? null,
    signal,
  });
  const fault = faultOf(answer.statusCode, answer.headers['content-type']);
  if (fault !== null) {
    // Nobody reads the rest, so its end may as well be an error.
    answer.body.on('error', () => undefined).destroy();
    throw new Error(fault);
  }
  return parse(await bytesOf(answer.body, maxBytes));
}

function faultOf(status: number, contentType: string | string[] | undefined): string | null {
  if (status !== 200) return `the answer has status ${status}`;
  return JSON_TYPE.test(String(contentType)) ? null : 'the answer is not JSON';
}

async function bytesOf(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

function parse(bytes: Buffer): JsonAnswer {
  if (exceedsJsonDepth(bytes)) throw new Error('the answer is nested too deeply');
  let document: JsonValue;
  try {
    document = JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch {
    throw new Error('the answer is not JSON');
  }
  if (!isJsonObject(document)) throw new Error('the answer is not a JSON object');
  return { document, bytes };
}

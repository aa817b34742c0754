import type { OutboundClient } from '../outbound/outbound-client.js';

const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** What the libraries of this room set of a request. */
interface FetchOptions {
  readonly method?: string | undefined;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

/**
 * `fetch` for libraries that want one: through the one way out of the house, so every address is checked and no redirect
 * is followed. Answers are read whole and are small.
 */
export function outboundFetch(outbound: Pick<OutboundClient, 'dispatcherFor'>) {
  return async (input: string | URL | Request, options: FetchOptions = {}): Promise<Response> => {
    const { origin, pathname, search } = new URL(input instanceof Request ? input.url : input);
    const { method = 'GET', headers, body, signal } = options;
    const answer = await outbound.dispatcherFor(origin).request({
      path: `${pathname}${search}`,
      method: method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      body: body === undefined || body === null ? null : String(body),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      chunks.push(Buffer.from(chunk));
      size += chunks.at(-1)?.length ?? 0;
      if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    }
    const received = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      [value ?? []].flat().map((one) => [name, one]),
    );
    const bodyless = [101, 204, 205, 304].includes(answer.statusCode);
    return new Response(bodyless ? null : Buffer.concat(chunks), { status: answer.statusCode, headers: received });
  };
}

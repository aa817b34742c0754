import type { Readable } from 'node:stream';
import type { OutboundClient } from './outbound-client.js';

/** Documents and token answers are small; what is larger is not read. */
const MAX_BYTES = 256 * 1024;
/** As libraries take it. */
type FetchLike = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

const NO_BODY = new Set([204, 205, 304]);

/** How long one flow may keep an authorization server busy. */
export const OAUTH_DEADLINE_MS = 10_000;

/**
 * `fetch` for an OAuth library through the one client that leaves the house: every address is checked and no redirect is
 * followed, since what is sent may be a code, a secret or a refresh token.
 * @param deadline ends every request made with it; missing: each has ten seconds of its own
 */
export function outboundFetch(outbound: Pick<OutboundClient, 'dispatcherFor'>, deadline?: AbortSignal): FetchLike {
  return async (target, init = {}) => {
    const request = new Request(target, init);
    const { origin, pathname, search } = new URL(request.url);
    const answer = await outbound
      .dispatcherFor(origin)
      .request({
        path: pathname + search,
        method: request.method === 'POST' ? 'POST' : 'GET',
        headers: Object.fromEntries(request.headers),
        body: request.body === null ? null : Buffer.from(await request.arrayBuffer()),
        signal: AbortSignal.any([deadline ?? AbortSignal.timeout(OAUTH_DEADLINE_MS), request.signal]),
      })
      .catch((error: unknown) => {
        throw asNetworkFault(error);
      });
    const bytes = await bytesOf(answer.body);
    if (answer.statusCode >= 300 && answer.statusCode < 400) throw asNetworkFault(new Error('a redirect'));
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((text): [string, string] => [name, text]),
    );
    return new Response(NO_BODY.has(answer.statusCode) ? null : bytes, { status: answer.statusCode, headers });
  };
}

/** What libraries expect of a `fetch` that got no answer; they treat other errors as an answer that says no. */
function asNetworkFault(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause });
}

async function bytesOf(body: Readable): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) throw asNetworkFault(new Error(`the answer is larger than ${MAX_BYTES} bytes`));
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

import type { Dispatcher } from 'undici';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';

/** One request as it leaves. */
export interface SignableRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string | Uint8Array | null;
}

/** @returns headers that carry the signature, lower case */
export type RequestSigner = (request: SignableRequest) => Promise<Readonly<Record<string, string>>>;

const signers = new WeakMap<McpServer, RequestSigner>();

/** From now on requests to this server are signed so. */
export function signRequestsOf(server: McpServer, signer: RequestSigner): void {
  signers.set(server, signer);
}

/**
 * The dispatcher, signing each request where the auth type of the server is a signature. A request that cannot be signed
 * is not sent.
 */
export function signingDispatcher(server: McpServer, dispatcher: Dispatcher): Dispatcher {
  if (server.authType !== 'aws_sigv4') return dispatcher;
  return dispatcher.compose((dispatch) => (options, handler) => {
    void signed(server, options)
      .then((headers) => dispatch({ ...options, headers }, handler))
      // The handler of the request is the only one who waits for it.
      .catch((error: unknown) => handler.onResponseError?.(notStarted, asError(error)));
    return true;
  });
}

async function signed(server: McpServer, options: Dispatcher.DispatchOptions): Promise<Record<string, string>> {
  const signer = signers.get(server);
  const { body = null, method, origin, path } = options;
  if (signer === undefined || (body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))) {
    throw new GatehouseError('upstream_auth_required', 'The request cannot be signed', { sent: 'no' });
  }
  const headers = headersOf(options.headers);
  return { ...headers, ...(await signer({ method, url: `${String(origin)}${path}`, body })) };
}

/** As this house sends headers: flat pairs of name and value, or a record. */
function headersOf(headers: Dispatcher.DispatchOptions['headers']): Record<string, string> {
  if (!Array.isArray(headers)) {
    const pairs = Object.entries(headers ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
    return Object.fromEntries(pairs);
  }
  const record: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 2) record[String(headers[index])] = String(headers[index + 1]);
  return record;
}

/** There is nothing to abort yet. */
const notStarted: Dispatcher.DispatchController = {
  ...{ aborted: false, paused: false, reason: null },
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

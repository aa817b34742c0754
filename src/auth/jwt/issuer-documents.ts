import type { Readable } from 'node:stream';
import type { JSONWebKeySet } from 'jose';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import type { JwtIssuer } from '../../config/jwt-issuer.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';

/** Longest time for everything that one refresh of a key set asks for. */
export const DOCUMENT_TIMEOUT_MS = 5_000;
/** Largest document that is read. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

/** Reads the published documents of issuers. Follows no redirect, and reads only JSON of a sane size. */
export class IssuerDocuments {
  constructor(private readonly outbound: Pick<OutboundClient, 'dispatcherFor'>) {}

  /**
   * The present key set of an issuer, by its own URL or by the one that its discovery document names.
   * @throws Error whose message says what is wrong, for the log
   */
  async keySetOf({ issuer, keySource }: JwtIssuer): Promise<JSONWebKeySet> {
    const signal = AbortSignal.timeout(DOCUMENT_TIMEOUT_MS);
    const url =
      keySource.kind === 'jwks'
        ? keySource.url
        : keySetUrl(await this.read(keySource.url, signal), issuer, keySource.url);
    const { keys } = await this.read(url, signal);
    if (!Array.isArray(keys) || !keys.every(isJsonObject)) throw new Error('the key set has no list of keys');
    return { keys: keys.map((key) => ({ ...key, kty: String(key['kty']) })) };
  }

  private async read(url: string, signal: AbortSignal): Promise<JsonObject> {
    const { origin, pathname, search } = new URL(url);
    const answer = await this.outbound.dispatcherFor(origin).request({
      path: `${pathname}${search}`,
      method: 'GET',
      headers: { accept: 'application/json' },
      signal,
    });
    const fault = faultOf(answer.statusCode, answer.headers['content-type']);
    if (fault !== null) {
      // Nobody reads the rest, so its end may as well be an error.
      answer.body.on('error', () => undefined).destroy();
      throw new Error(fault);
    }
    const document: JsonValue = JSON.parse(await textOf(answer.body));
    if (!isJsonObject(document)) throw new Error('the document is not a JSON object');
    return document;
  }
}

function faultOf(status: number, contentType: string | string[] | undefined): string | null {
  if (status !== 200) return `the answer has status ${status}`;
  return JSON_TYPE.test(String(contentType)) ? null : 'the answer is not JSON';
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`the document is larger than ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

/** A document may only speak for its own issuer, and may not lead to an unprotected place elsewhere. */
function keySetUrl({ issuer, jwks_uri: uri }: JsonObject, expected: string, discoveryUrl: string): string {
  if (issuer !== expected) throw new Error('the discovery document is that of another issuer');
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw new Error('the discovery document names no jwks_uri');
  const url = new URL(uri);
  if (url.protocol === 'https:' || url.origin === new URL(discoveryUrl).origin) return url.href;
  throw new Error('the jwks_uri of the discovery document is neither https nor of the same origin');
}

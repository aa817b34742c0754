import type { JSONWebKeySet } from 'jose';
import { isJsonObject, type JsonObject } from '../../common/json.js';
import type { JwtIssuer } from '../../config/jwt-issuer.js';
import { exchangeJson } from '../../outbound/json-exchange.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';

/** Longest time for everything that one refresh of a key set asks for. */
export const DOCUMENT_TIMEOUT_MS = 5_000;
/** Largest document that is read. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** Reads the published documents of issuers. Follows no redirect, and reads only JSON of a sane size. */
export class IssuerDocuments {
  constructor(private readonly outbound: Pick<OutboundClient, 'dispatcherFor'>) {}

  /**
   * The present key set of an issuer, by its own URL or by the one that its discovery document names.
   * @throws Error whose message says what is wrong, for the log
   */
  async keySetOf({ issuer, keySource }: Pick<JwtIssuer, 'issuer' | 'keySource'>): Promise<JSONWebKeySet> {
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
    return (await exchangeJson(this.outbound, { url, signal, maxBytes: MAX_DOCUMENT_BYTES })).document;
  }
}

/** A document may only speak for its own issuer, and may not lead to an unprotected place elsewhere. */
function keySetUrl({ issuer, jwks_uri: uri }: JsonObject, expected: string, discoveryUrl: string): string {
  if (issuer !== expected) throw new Error('the discovery document is that of another issuer');
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw new Error('the discovery document names no jwks_uri');
  const url = new URL(uri);
  if (url.protocol === 'https:' || url.origin === new URL(discoveryUrl).origin) return url.href;
  throw new Error('the jwks_uri of the discovery document is neither https nor of the same origin');
}

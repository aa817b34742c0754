import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { Secret } from '../common/secret.js';

/** What is wrong with the request itself is for the client to read; everything else is the business of the gateway. */
export const RELAYED_STATUSES: ReadonlySet<number> = new Set([400, 404, 409, 413, 422, 429]);

const LONGEST_TEXT = 2_000;

/** A provider refused the request of a client, in words that help the client to do better. */
export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  /** In the form of OpenAI. */
  readonly body: { readonly error: JsonObject };
  /** `Retry-After` of the provider. */
  readonly retryAfter: string | null;

  constructor(
    readonly status: number,
    answer: JsonValue,
    retryAfter: string | string[] | undefined,
    apiKey: Secret | null,
  ) {
    super(`the provider answered with status ${status}`);
    const written = isJsonObject(answer) && isJsonObject(answer['error']) ? answer['error'] : {};
    const text = (value: JsonValue | undefined, otherwise: string | null): string | null =>
      typeof value === 'string' ? withoutKey(value, apiKey).slice(0, LONGEST_TEXT) : otherwise;
    this.body = {
      error: {
        message: text(written['message'], 'The provider refused the request'),
        type: text(written['type'], 'invalid_request_error'),
        param: text(written['param'], null),
        code: text(written['code'], null),
      },
    };
    this.retryAfter = typeof retryAfter === 'string' && /^[\w ,:]{1,40}$/.test(retryAfter) ? retryAfter : null;
  }
}

function withoutKey(text: string, apiKey: Secret | null): string {
  return apiKey === null ? text : text.replaceAll(apiKey.reveal(), '[redacted]');
}

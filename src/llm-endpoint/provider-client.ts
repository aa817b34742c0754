import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { abortSignalOf, type CancelSignal } from '../common/cancellation.js';
import { GatehouseError, messageOf, systemCodeOf } from '../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { ModelEndpoint } from '../config/model-endpoint.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { ProviderRefusal, RELAYED_STATUSES } from './provider-refusal.js';

/** Models think for long before the first byte. */
const FIRST_BYTE_MS = 300_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Sends requests to providers. */
@Injectable()
export class ProviderClient {
  constructor(private readonly outbound: OutboundClient) {}

  /** The whole answer. @throws GatehouseError or ProviderRefusal as {@link open} */
  async ask(endpoint: ModelEndpoint, path: string, body: JsonObject, signal: CancelSignal): Promise<JsonObject> {
    const answer = parse(await readText(await this.open(endpoint, path, body, signal), MAX_ANSWER_BYTES, signal));
    if (isJsonObject(answer)) return answer;
    throw new GatehouseError('upstream_protocol_error', 'The model did not answer with a JSON object');
  }

  /**
   * The answer as it comes.
   * @param path of the endpoint below the base of the API
   * @throws ProviderRefusal when the provider says that the request is wrong, or comes too often
   * @throws GatehouseError `upstream_unavailable`, `upstream_timeout`, `upstream_auth_required`, `call_cancelled`
   */
  async open(endpoint: ModelEndpoint, path: string, body: JsonObject, signal: CancelSignal): Promise<Readable> {
    const url = new URL(`${endpoint.apiBase}${path}`);
    const { statusCode, headers, body: answer } = await this.send(endpoint, url, body, signal);
    if (statusCode >= 200 && statusCode < 300) return answer;
    if (RELAYED_STATUSES.has(statusCode)) {
      const refusal = parse(await readText(answer, MAX_REFUSAL_BYTES, signal));
      throw new ProviderRefusal(statusCode, refusal, headers['retry-after'], endpoint.apiKey);
    }
    // Nobody reads the rest, so its end may as well be an error.
    answer.on('error', () => undefined).destroy();
    throw refused(statusCode);
  }

  private async send({ apiKey, model }: ModelEndpoint, url: URL, body: JsonObject, signal: CancelSignal) {
    try {
      return await this.outbound.dispatcherFor(url.origin).request({
        path: url.pathname,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: body['stream'] === true ? 'text/event-stream' : 'application/json',
          ...(apiKey !== null && { authorization: `Bearer ${apiKey.reveal()}` }),
        },
        body: JSON.stringify({ ...body, model }),
        headersTimeout: FIRST_BYTE_MS,
        signal: abortSignalOf(signal),
      });
    } catch (thrown) {
      throw failed(thrown, signal);
    }
  }
}

/** Reads a whole body. @throws GatehouseError when it breaks off or is too large */
async function readText(body: Readable, most: number, signal: CancelSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > most) throw new GatehouseError('result_too_large', 'The answer of the model is too large');
      chunks.push(bytes);
    }
  } catch (thrown) {
    throw failed(thrown, signal);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

/** What a broken exchange with a provider means to the caller. */
export function failed(thrown: unknown, signal: CancelSignal): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  if (signal.aborted) return new GatehouseError('call_cancelled', 'The request was cancelled');
  const options = { cause: thrown, detail: messageOf(thrown) };
  if (thrown instanceof SyntaxError) {
    return new GatehouseError('upstream_protocol_error', 'The model answered with something that is not JSON', options);
  }
  if (/TIMEOUT/.test(systemCodeOf(thrown) ?? '')) {
    return new GatehouseError('upstream_timeout', 'The model did not answer in time', options);
  }
  return new GatehouseError('upstream_unavailable', 'The provider of the model cannot be reached', options);
}

function refused(status: number): GatehouseError {
  const options = { detail: `the provider answered with status ${status}` };
  if (status === 401 || status === 403) {
    return new GatehouseError('upstream_auth_required', 'The provider refused the key of the gateway', options);
  }
  return new GatehouseError('upstream_unavailable', 'The provider of the model failed', options);
}

import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { isJsonObject, type JsonValue } from '../common/json.js';
import type { ModelEndpoint } from '../config/model-endpoint.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { EmbeddingFailed } from './embedding-failed.js';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Texts in one request: what providers take. */
export const TEXTS_PER_REQUEST = 128;

/** Asks `POST {api_base}/embeddings`, which every provider that speaks the API of OpenAI has. */
@Injectable()
export class EmbeddingClient {
  constructor(private readonly outbound: OutboundClient) {}

  /**
   * @param texts at most {@link TEXTS_PER_REQUEST}
   * @returns one vector of length 1 for each text
   * @throws EmbeddingFailed
   */
  async embed(endpoint: ModelEndpoint, texts: readonly string[]): Promise<Float32Array[]> {
    try {
      return vectorsOf(await this.ask(endpoint, texts), texts.length);
    } catch (thrown) {
      if (thrown instanceof EmbeddingFailed) throw thrown;
      throw new EmbeddingFailed(messageOf(thrown));
    }
  }

  private async ask({ apiBase, apiKey, model }: ModelEndpoint, input: readonly string[]): Promise<JsonValue> {
    const url = new URL(`${apiBase}/embeddings`);
    const { statusCode, body } = await this.outbound.dispatcherFor(url.origin).request({
      path: url.pathname,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(apiKey !== null && { authorization: `Bearer ${apiKey.reveal()}` }),
      },
      body: JSON.stringify({ model, input, encoding_format: 'float' }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (statusCode === 200) return JSON.parse(await textOf(body)) as JsonValue;
    // Nobody reads the rest, so its end may as well be an error.
    body.on('error', () => undefined).destroy();
    throw new EmbeddingFailed(`the embedding model answered with status ${statusCode}`);
  }
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_ANSWER_BYTES) throw new EmbeddingFailed('the answer of the embedding model is too large');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function vectorsOf(answer: JsonValue, count: number): Float32Array[] {
  const data = isJsonObject(answer) ? answer['data'] : undefined;
  if (!Array.isArray(data) || data.length !== count) throw new EmbeddingFailed('the answer has not one vector a text');
  const vectors: Float32Array[] = [];
  data.forEach((row, position) => {
    const index = isJsonObject(row) && typeof row['index'] === 'number' ? row['index'] : position;
    vectors[index] = unitVector(isJsonObject(row) ? row['embedding'] : undefined);
  });
  const [{ length } = new Float32Array()] = vectors;
  // A hole in the list is undefined, whatever its type says.
  if (
    vectors.length === count &&
    Object.keys(vectors).length === count &&
    vectors.every((row) => row.length === length)
  )
    return vectors;
  throw new EmbeddingFailed('the vectors of the answer have different lengths or places');
}

function unitVector(embedding: JsonValue | undefined): Float32Array {
  const isVector = Array.isArray(embedding) && embedding.length > 0;
  if (!isVector || !embedding.every((value) => typeof value === 'number')) {
    throw new EmbeddingFailed('the answer holds something that is not a vector');
  }
  const vector = Float32Array.from(embedding);
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}

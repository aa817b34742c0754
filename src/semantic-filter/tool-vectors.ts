import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { ListedTool } from '../catalog/catalog.types.js';
import type { ModelEndpoint } from '../config/model-endpoint.js';
import { EmbeddingClient, TEXTS_PER_REQUEST } from './embedding-client.js';
import { EmbeddingStore } from './embedding-store.js';
import { wordsOf } from './search-terms.js';
import { toolText } from './tool-text.js';

/** Vectors that are held in memory: 6 KiB each with the usual 1,536 dimensions. */
const MAX_VECTORS = 12_000;

/** A text and the hash that it is stored by. */
interface HashedText {
  readonly text: string;
  readonly hash: string;
  /** Of the vector that a model gives to it. */
  readonly key: string;
  readonly model: string;
}

/** The vectors of tools: from memory, else from the database, else from the model. */
@Injectable()
export class ToolVectors {
  private readonly known = new LRUCache<string, Float32Array>({ max: MAX_VECTORS });
  private readonly texts = new WeakMap<ListedTool, HashedText>();
  private filling: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: EmbeddingClient,
    private readonly store: EmbeddingStore,
  ) {}

  /** One vector for each tool. @throws EmbeddingFailed */
  async of(tools: readonly ListedTool[], endpoint: ModelEndpoint): Promise<Float32Array[]> {
    const model = modelOf(endpoint);
    const texts = tools.map((tool) => this.textOf(tool, model));
    const vectors = new Map<string, Float32Array>();
    const missing = new Map<string, HashedText>();
    for (const text of texts) {
      const vector = this.known.get(text.key);
      if (vector === undefined) missing.set(text.hash, text);
      else vectors.set(text.hash, vector);
    }
    if (missing.size > 0) await this.fill(endpoint, missing, vectors);
    return texts.map(({ hash: wanted }) => vectors.get(wanted) ?? new Float32Array());
  }

  /** One filling at a time: whoever waits finds most of what it wants in the database. */
  private async fill(
    endpoint: ModelEndpoint,
    missing: ReadonlyMap<string, HashedText>,
    vectors: Map<string, Float32Array>,
  ): Promise<void> {
    const earlier = this.filling;
    const mine = earlier.then(() => this.complete(endpoint, missing, vectors));
    this.filling = mine.catch(() => undefined);
    await mine;
  }

  private async complete(
    endpoint: ModelEndpoint,
    missing: ReadonlyMap<string, HashedText>,
    vectors: Map<string, Float32Array>,
  ): Promise<void> {
    const model = modelOf(endpoint);
    const stored = await this.store.find(model, [...missing.keys()]);
    const unknown = [...missing.values()].filter((text) => !stored.has(text.hash));
    for (let start = 0; start < unknown.length; start += TEXTS_PER_REQUEST) {
      const batch = unknown.slice(start, start + TEXTS_PER_REQUEST);
      const embedded = await this.client.embed(
        endpoint,
        batch.map(({ text }) => text),
      );
      const made = new Map(batch.map((text, at) => [text.hash, embedded[at] ?? new Float32Array()]));
      await this.store.save(model, made);
      for (const [key, vector] of made) stored.set(key, vector);
    }
    for (const [key, text] of missing) {
      const vector = stored.get(key) ?? new Float32Array();
      vectors.set(key, vector);
      this.known.set(text.key, vector);
    }
  }

  private textOf(tool: ListedTool, model: string): HashedText {
    let known = this.texts.get(tool);
    if (known?.model !== model) {
      const { name, description } = toolText(tool);
      const text = `${wordsOf(name).join(' ')}: ${description === '' ? name : description}`;
      const textHash = hash('sha256', text, 'hex');
      known = { text, hash: textHash, key: `${model} ${textHash}`, model };
      this.texts.set(tool, known);
    }
    return known;
  }
}

/** The name of a model in gateway.yaml may come to mean another one. */
function modelOf({ apiBase, model }: ModelEndpoint): string {
  return `${apiBase} ${model}`;
}

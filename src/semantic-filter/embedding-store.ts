import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { ToolEmbeddingEntity } from './tool-embedding.entity.js';

/** Rows that one statement asks for or inserts. */
const BATCH = 1_000;

/** Vectors of tools in the database, so that a restart and other replicas need not pay for them again. */
@Injectable()
export class EmbeddingStore {
  constructor(@InjectRepository(ToolEmbeddingEntity) private readonly rows: Repository<ToolEmbeddingEntity>) {}

  /** What is known of these texts, by hash. */
  async find(model: string, hashes: readonly string[]): Promise<Map<string, Float32Array>> {
    const found = new Map<string, Float32Array>();
    for (let start = 0; start < hashes.length; start += BATCH) {
      const rows = await this.rows.findBy({ model, text_hash: In(hashes.slice(start, start + BATCH)) });
      for (const { text_hash, vector } of rows) found.set(text_hash, floatsOf(vector));
    }
    return found;
  }

  async save(model: string, vectors: ReadonlyMap<string, Float32Array>): Promise<void> {
    const values = [...vectors].map(([text_hash, vector]) => ({ model, text_hash, vector: bytesOf(vector) }));
    // Another replica may have embedded the same text meanwhile.
    await this.rows.createQueryBuilder().insert().values(values).orIgnore().execute();
  }
}

function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** Copied, because a Buffer need not begin where a float may begin. */
function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

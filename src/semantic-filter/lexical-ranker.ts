import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { ListedTool } from '../catalog/catalog.types.js';
import { toolHash } from '../catalog/tool-hash.js';
import { LexicalIndex } from './lexical-index.js';
import type { RankedTool, RankRequest, ToolRanker } from './tool-ranker.js';

/** Tools in all indexes together: about 10 KiB each. */
const MAX_INDEXED = 20_000;

/**
 * Ranks by words. How rare a word is counts, so an index holds exactly what one caller may see: over all tools, scores
 * would tell how often a word appears in tools that are hidden. Callers who see the same tools share an index.
 */
@Injectable()
export class LexicalRanker implements ToolRanker {
  private readonly indexes = new LRUCache<string, Promise<LexicalIndex>>({ maxSize: MAX_INDEXED });
  private readonly digests = new WeakMap<readonly ListedTool[], string>();

  async rank({ query, listed, wanted }: RankRequest): Promise<readonly RankedTool[]> {
    return (await this.indexOf(listed)).rank(query, wanted);
  }

  private indexOf(tools: readonly ListedTool[]): Promise<LexicalIndex> {
    const digest = this.digestOf(tools);
    let index = this.indexes.get(digest);
    if (index === undefined) {
      index = LexicalIndex.of(tools);
      // A list that is larger than the cache is indexed each time.
      this.indexes.set(digest, index, { size: Math.max(tools.length, 1) });
    }
    return index;
  }

  private digestOf(tools: readonly ListedTool[]): string {
    let digest = this.digests.get(tools);
    if (digest === undefined) {
      const hash = createHash('sha256');
      for (const { publicName, tool } of tools) hash.update(`${publicName} ${toolHash(tool)}\n`);
      digest = hash.digest('base64');
      this.digests.set(tools, digest);
    }
    return digest;
  }
}

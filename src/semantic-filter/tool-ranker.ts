import type { ListedTool } from '../catalog/catalog.types.js';

/** A tool and how well it fits a query: 0 to 1, higher is better. */
export interface RankedTool {
  readonly name: string;
  readonly score: number;
}

/** What is to be ranked. */
export interface RankRequest {
  readonly query: string;
  /** Everything that the caller may see; nothing else influences the scores. */
  readonly listed: readonly ListedTool[];
  /** Public names of those that compete. */
  readonly wanted: { has(publicName: string): boolean };
}

/** Orders the tools of one caller by how well they fit a query. */
export interface ToolRanker {
  /**
   * @returns tools that fit at all, best first
   * @throws EmbeddingFailed when there is nothing to compare with
   */
  rank(request: RankRequest): Promise<readonly RankedTool[]>;
}

import type { ModelEndpoint } from '../config/model-endpoint.js';
import type { EmbeddingClient } from './embedding-client.js';
import { EmbeddingFailed } from './embedding-failed.js';
import type { RankedTool, RankRequest, ToolRanker } from './tool-ranker.js';
import type { ToolVectors } from './tool-vectors.js';

/** Embedding models take some thousand tokens; what is behind that is cut instead of refused. */
const LONGEST_QUERY = 8_000;

/** Ranks by the cosine between the vectors of the query and of each tool. */
export class EmbeddingRanker implements ToolRanker {
  constructor(
    private readonly endpoint: ModelEndpoint,
    private readonly client: EmbeddingClient,
    private readonly vectors: ToolVectors,
  ) {}

  async rank({ query, listed, wanted }: RankRequest): Promise<readonly RankedTool[]> {
    const tools = listed.filter(({ publicName }) => wanted.has(publicName));
    const [asked] = await this.client.embed(this.endpoint, [query.slice(0, LONGEST_QUERY)]);
    if (asked === undefined) throw new EmbeddingFailed('the query has no vector');
    const vectors = await this.vectors.of(tools, this.endpoint);
    const ranked = tools.map(({ publicName }, at) => ({ name: publicName, score: similarity(asked, vectors[at]) }));
    return ranked.sort((one, other) => other.score - one.score);
  }
}

/** The cosine, between 0 and 1: opposite meanings do not fit either. */
function similarity(one: Float32Array, other: Float32Array | undefined): number {
  if (other === undefined || other.length !== one.length)
    throw new EmbeddingFailed('a tool has a vector of another size');
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return Math.min(Math.max(sum, 0), 1);
}

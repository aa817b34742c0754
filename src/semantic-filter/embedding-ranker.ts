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
  return Math.min(Math.max(product(one, other), 0), 1);
}

/** In four sums, since an addition has to wait for the one before it. */
function product(one: Float32Array, other: Float32Array): number {
  const whole = one.length - (one.length % 4);
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let at = 0; at < whole; at += 4) {
    first += (one[at] ?? 0) * (other[at] ?? 0);
    second += (one[at + 1] ?? 0) * (other[at + 1] ?? 0);
    third += (one[at + 2] ?? 0) * (other[at + 2] ?? 0);
    fourth += (one[at + 3] ?? 0) * (other[at + 3] ?? 0);
  }
  for (let at = whole; at < one.length; at++) first += (one[at] ?? 0) * (other[at] ?? 0);
  return first + second + third + fourth;
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ListedTool } from '../catalog/catalog.types.js';
import type { JsonObject } from '../common/json.js';
import { CONFIG, type Config } from '../config/config.js';
import { EmbeddingClient } from './embedding-client.js';
import { EmbeddingFailed } from './embedding-failed.js';
import { EmbeddingRanker } from './embedding-ranker.js';
import type { FilterOff, FilterOutcome } from './filter-outcome.js';
import { LexicalRanker } from './lexical-ranker.js';
import { requestToolName } from './request-tool.js';
import type { RankedTool, RankRequest, ToolRanker } from './tool-ranker.js';
import { ToolVectors } from './tool-vectors.js';

/** A request whose tools are to be filtered. */
export interface FilterRequest {
  /** In the form of either LLM endpoint, `{type: "mcp"}` entries expanded. */
  readonly tools: readonly JsonObject[];
  /** What the user wants, in words. */
  readonly query: string;
  /** Everything that this caller may see, by its public names. */
  readonly listed: readonly ListedTool[];
}

/**
 * Keeps the MCP tools of a request that fit what the user wants. A tool is an MCP tool only when its very name is in the
 * list of the caller; whatever else the client sends passes untouched.
 */
@Injectable()
export class SemanticFilterService {
  private readonly logger = new Logger(SemanticFilterService.name);
  private readonly settings: Config['semanticFilter'];
  private readonly ranker: ToolRanker;

  constructor(
    @Inject(CONFIG) { semanticFilter }: Pick<Config, 'semanticFilter'>,
    private readonly lexical: LexicalRanker,
    client: EmbeddingClient,
    vectors: ToolVectors,
  ) {
    const { embeddingModel } = semanticFilter;
    this.settings = semanticFilter;
    this.ranker = embeddingModel === null ? lexical : new EmbeddingRanker(embeddingModel, client, vectors);
  }

  /** Never throws for a reason of its own: what cannot be ranked passes. */
  async filter({ tools, query, listed }: FilterRequest): Promise<FilterOutcome> {
    if (!this.settings.enabled) return untouched(tools, listed, 'disabled');
    if (query.trim() === '') return untouched(tools, listed, 'no_query');
    const asked = mcpNames(tools, listed);
    if (asked.size === 0) return untouched(tools, listed, 'no_mcp_tools');
    const ranked = await this.rank({ query, listed, wanted: asked });
    return ranked === null ? untouched(tools, listed, 'embedding_failed') : this.narrow(tools, asked, ranked);
  }

  /**
   * The tools that fit a query best, by meaning if there is a model, else by words, also when the filter is off and when
   * the model fails.
   * @param listed everything that the caller may see, by its public names
   */
  async find(query: string, listed: readonly ListedTool[], limit: number): Promise<readonly ListedTool[]> {
    const byName = new Map(listed.map((tool) => [tool.publicName, tool]));
    const request: RankRequest = { query, listed, wanted: byName };
    const ranked = (await this.rank(request)) ?? (await this.lexical.rank(request));
    const best = ranked.filter(({ score }) => score > 0).slice(0, limit);
    return best.flatMap(({ name }) => byName.get(name) ?? []);
  }

  private async rank(request: RankRequest): Promise<readonly RankedTool[] | null> {
    try {
      return await this.ranker.rank(request);
    } catch (thrown) {
      if (!(thrown instanceof EmbeddingFailed)) throw thrown;
      this.logger.warn(`tools are not ranked by meaning: ${thrown.message}`);
      return null;
    }
  }

  private narrow(
    tools: readonly JsonObject[],
    asked: ReadonlyMap<string, JsonObject>,
    ranked: readonly RankedTool[],
  ): FilterOutcome {
    const { topK, similarityThreshold } = this.settings;
    const selected = ranked.filter(({ score }) => score >= similarityThreshold && score > 0).slice(0, topK);
    const isMcpTool = (tool: JsonObject): boolean => asked.has(requestToolName(tool) ?? '');
    const onlyMcpTools = tools.every(isMcpTool);
    // Providers refuse an empty list of tools.
    const kept =
      selected.length === 0 && onlyMcpTools
        ? [...asked.values()].slice(0, topK)
        : selected.map(({ name }) => asked.get(name)).filter((tool) => tool !== undefined);
    return { tools: fill(tools, isMcpTool, kept), selected, before: asked.size, after: kept.length, off: null };
  }
}

/** The MCP tools of a request by name, each once. */
function mcpNames(tools: readonly JsonObject[], listed: readonly ListedTool[]): Map<string, JsonObject> {
  const known = new Set(listed.map(({ publicName }) => publicName));
  const asked = new Map<string, JsonObject>();
  for (const tool of tools) {
    const name = requestToolName(tool);
    if (name !== null && known.has(name) && !asked.has(name)) asked.set(name, tool);
  }
  return asked;
}

/** The kept tools, best first, on the places of MCP tools; all others stay in their order. */
function fill(
  tools: readonly JsonObject[],
  isMcpTool: (tool: JsonObject) => boolean,
  kept: readonly JsonObject[],
): JsonObject[] {
  const rest = kept[Symbol.iterator]();
  return tools.flatMap((tool) => {
    if (!isMcpTool(tool)) return [tool];
    const next = rest.next();
    return next.done === true ? [] : [next.value];
  });
}

function untouched(tools: readonly JsonObject[], listed: readonly ListedTool[], off: FilterOff): FilterOutcome {
  const { size } = mcpNames(tools, listed);
  return { tools, selected: [], before: size, after: size, off };
}

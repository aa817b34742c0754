import type { JsonObject } from '../common/json.js';
import type { RankedTool } from './tool-ranker.js';

/** Why the filter left a request as it was. */
export type FilterOff = 'disabled' | 'no_query' | 'no_mcp_tools' | 'embedding_failed';

/** What the filter did with the tools of a request. */
export interface FilterOutcome {
  /** The tools to send on. */
  readonly tools: readonly JsonObject[];
  /** The MCP tools that were kept because they match, best first. */
  readonly selected: readonly RankedTool[];
  /** MCP tools of the request. */
  readonly before: number;
  /** MCP tools that are sent on. */
  readonly after: number;
  /** null when the filter ran. */
  readonly off: FilterOff | null;
}

/** Longest value of the header that names tools. */
const LONGEST_NAMES = 150;

/** Headers of the answer that tell what the filter did, under the names of this gateway and of LiteLLM. */
export function filterHeaders({ off, before, after, selected }: FilterOutcome): Record<string, string> {
  const summary = off === null ? `${before}->${after}` : `off; reason=${off}`;
  const names = off === null ? namesOf(selected) : '';
  return {
    'x-gatehouse-semantic-filter': summary,
    'x-litellm-semantic-filter': summary,
    ...(names !== '' && { 'x-gatehouse-semantic-filter-tools': names, 'x-litellm-semantic-filter-tools': names }),
  };
}

/** As many names as fit, none of them cut. */
function namesOf(selected: readonly RankedTool[]): string {
  let names = '';
  for (const { name } of selected) {
    const longer = names === '' ? name : `${names},${name}`;
    if (longer.length > LONGEST_NAMES) break;
    names = longer;
  }
  return names;
}

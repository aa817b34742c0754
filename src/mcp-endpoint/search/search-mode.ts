import { Injectable } from '@nestjs/common';
import type { ListedTool, ToolListing } from '../../catalog/catalog.types.js';
import { ListingService } from '../../catalog/listing.service.js';
import type { JsonObject } from '../../common/json.js';
import { unknownTool } from '../../permissions/authorized-call.js';
import { SemanticFilterService } from '../../semantic-filter/semantic-filter.service.js';
import { failureOf } from '../../tool-calls/call-errors.js';
import type { ToolCallOutcome } from '../../tool-calls/tool-call.types.js';
import type { CallParams } from '../call-params.js';
import type { Admission, Exchange } from '../exchange.js';
import { serversMeta } from '../tool-list.js';
import { META_TOOLS, isMetaToolName } from './meta-tools.js';
import { misfit, readFoundCall, readName, readSearch } from './meta-arguments.js';

/** Value of `mode` in the query of a door. */
export const SEARCH = 'search';
/** A list of tools is for choosing one; what is behind this is in the definition. */
const LONGEST_DESCRIPTION = 400;

/** What a `tools/call` means. */
export interface AskedCall extends CallParams {
  /**
   * `name`: the tool itself was called; `call_tool`: through the tool of search mode, and `name` and `args` are those
   * of the tool that is meant; `search`: one of the other tools of search mode, which have no upstream.
   */
  readonly by: 'name' | 'call_tool' | 'search';
}

/**
 * Search mode: three tools stand for all that the caller may use. What is found is cut from the caller's own list, and
 * `call_tool` only says which tool is called: the call itself takes the one road under the name of that tool.
 */
@Injectable()
export class SearchMode {
  /** What a list shows. */
  readonly tools = META_TOOLS;

  constructor(
    private readonly listings: ListingService,
    private readonly filter: SemanticFilterService,
  ) {}

  /** Asked for by the query, or by the key where there are several servers: the door of one is as its server is. */
  isOn({ path }: Exchange, { principal, granted }: Admission): boolean {
    return path.mode === SEARCH || (principal.toolSearch === true && granted.single === null);
  }

  /** What is meant by a call in search mode. Tools can be called by their names as well. */
  read({ name, args }: CallParams): AskedCall {
    if (name === 'call_tool') {
      const found = readFoundCall(args);
      if (found !== null) return { by: 'call_tool', ...found };
    }
    return { by: isMetaToolName(name) ? 'search' : 'name', name, args };
  }

  /** Answers a call of a tool of search mode. Never rejects for what the caller did. */
  async answer(asked: AskedCall, admission: Admission): Promise<ToolCallOutcome> {
    try {
      return { kind: 'result', result: await this.resultOf(asked, admission) };
    } catch (thrown) {
      return failureOf(thrown, 'no').outcome;
    }
  }

  private async resultOf({ name, args }: AskedCall, { principal, granted }: Admission): Promise<JsonObject> {
    if (name === 'search_tools') {
      const { query, limit } = readSearch(args);
      const listing = await this.listings.list(granted, { principal, origin: 'mcp' });
      const found = await this.filter.find(query, listing.tools, limit);
      return { ...structured({ tools: found.map(shortForm) }), ...metaOf(listing, granted.single !== null) };
    }
    // What a call_tool names was read already, so it comes here only to be refused.
    const wanted = readName(args);
    if (name === 'call_tool') throw misfit('arguments must be an object');
    const { tools } = await this.listings.list(granted, { principal, origin: 'mcp' });
    const found = tools.find(({ publicName }) => publicName === wanted);
    if (found === undefined) throw unknownTool(wanted);
    return structured({ ...found.tool, name: found.publicName });
  }
}

function structured(value: JsonObject): JsonObject {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

function shortForm({ publicName, tool }: ListedTool): JsonObject {
  const { description } = tool;
  if (typeof description !== 'string' || description === '') return { name: publicName };
  const cut = description.length > LONGEST_DESCRIPTION ? `${description.slice(0, LONGEST_DESCRIPTION)}…` : description;
  return { name: publicName, description: cut };
}

function metaOf(listing: ToolListing, single: boolean): JsonObject {
  const meta = serversMeta(listing, single);
  return meta === null ? {} : { _meta: meta };
}

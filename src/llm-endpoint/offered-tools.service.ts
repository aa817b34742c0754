import { Injectable } from '@nestjs/common';
import type { ListedTool } from '../catalog/catalog.types.js';
import { ListingService } from '../catalog/listing.service.js';
import { ERROR_CODES } from '../common/error-codes.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import type { PathScope } from '../permissions/access-request.js';
import { PolicyService } from '../permissions/policy.service.js';
import { requestToolName } from '../semantic-filter/request-tool.js';
import { accessOf, type LlmCaller } from './llm-caller.js';
import { readMcpEntry, type McpEntry } from './mcp-entry.js';

/** The tools of a request, its entries `{type: "mcp"}` expanded. */
export interface OfferedTools {
  readonly tools: readonly JsonObject[];
  /** By public name: the entry through which the gateway runs the tool itself. */
  readonly runnable: ReadonlyMap<string, McpEntry>;
  /** Everything that the caller may see, by its public names. */
  readonly listed: readonly ListedTool[];
}

/** Puts the tools of the caller in the place of entries `{type: "mcp"}`. */
@Injectable()
export class OfferedToolsService {
  constructor(
    private readonly policy: PolicyService,
    private readonly listings: ListingService,
  ) {}

  /**
   * @param write the form of a tool at this endpoint
   * @throws GatehouseError `forbidden_scope` for servers that are not granted, `no_tools_resolved` when the entries have
   *   no tools, `invalid_request` for an entry that cannot be understood
   */
  async expand(
    caller: LlmCaller,
    tools: readonly JsonObject[],
    write: (tool: ListedTool) => JsonObject,
  ): Promise<OfferedTools> {
    const entries = tools.map((tool, at) => readMcpEntry(tool, `tools.${at}`));
    const listed = new Map((tools.length > 0 ? await this.listed(caller, { kind: 'all' }) : []).map(byName));
    const names = new Set(tools.flatMap((tool, at) => (entries[at] === null ? (requestToolName(tool) ?? []) : [])));
    const offered = new Map<string, McpEntry>();
    const expanded: JsonObject[] = [];
    for (const [at, tool] of tools.entries()) {
      const entry = entries[at];
      if (entry === null || entry === undefined) {
        expanded.push(tool);
        continue;
      }
      // A tool that is offered twice would be refused by the provider.
      const found = (await this.toolsOf(caller, entry, listed)).filter(({ publicName }) => !names.has(publicName));
      for (const row of found) {
        names.add(row.publicName);
        offered.set(row.publicName, entry);
        listed.set(row.publicName, row);
        expanded.push(write(row));
      }
    }
    if (entries.some((entry) => entry !== null) && offered.size === 0) throw noTools();
    const runnable = new Map([...offered].filter(([, { runs }]) => runs));
    return { tools: expanded, runnable, listed: [...listed.values()] };
  }

  private async listed(caller: LlmCaller, scope: PathScope): Promise<readonly ListedTool[]> {
    const access = this.decide(caller, scope);
    return (await this.listings.list(access, { principal: caller.principal, origin: 'llm' })).tools;
  }

  /** A toolset may have other names for its tools, so it is asked itself. */
  private async toolsOf(
    caller: LlmCaller,
    { scope, allowedTools }: McpEntry,
    listed: ReadonlyMap<string, ListedTool>,
  ): Promise<ListedTool[]> {
    const { servers, single } = this.decide(caller, scope);
    const allowed = allowedTools === null ? null : new Set(allowedTools);
    const candidates = scope.kind === 'toolset' ? await this.listed(caller, scope) : [...listed.values()];
    return candidates.filter(({ publicName, server, tool }) => {
      const access = single?.server.id === server.id ? single : servers.get(server.id);
      if (access === undefined || !access.allowsTool(tool.name)) return false;
      return allowed === null || allowed.has(publicName) || allowed.has(tool.name);
    });
  }

  private decide(caller: LlmCaller, scope: PathScope): GrantedAccess {
    const access = this.policy.access(caller.principal, accessOf(caller, scope));
    if (access.granted) return access;
    throw new GatehouseError(access.code, ERROR_CODES[access.code].title);
  }
}

function byName(tool: ListedTool): [string, ListedTool] {
  return [tool.publicName, tool];
}

function noTools(): GatehouseError {
  return new GatehouseError('no_tools_resolved', 'The MCP entries in tools lead to no tool that the caller may use.', {
    faults: [{ path: 'tools', message: 'has MCP entries without any tool: check server_url and allowed_tools' }],
  });
}

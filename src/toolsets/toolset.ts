import type { JsonObject } from '../common/json.js';
import { VirtualTools, type VirtualTool } from './virtual-tools.js';

/** One tool of a toolset, as stored: the server by its id, the tool by the name that its server has for it. */
export interface ToolReference {
  readonly server_id: string;
  readonly tool_name: string;
  /** Its name at the door of the toolset. Missing: the public name. */
  readonly name?: string;
  /** Missing: none. */
  readonly fixed_arguments?: JsonObject;
}

type ToolNames = ReadonlyMap<string, ReadonlySet<string>>;

/** A toolset in memory. */
export interface Toolset {
  readonly id: string;
  readonly name: string;
  /** Upstream tool names by server id. */
  readonly tools: ToolNames;
  /** Those of them that it has with fixed arguments only. */
  readonly bound: ToolNames;
  /** null: its door shows the tools as they are. */
  readonly virtual: VirtualTools | null;
}

/** Each tool once, in the order of the list. */
export function distinctTools(tools: readonly ToolReference[]): ToolReference[] {
  const seen = new Map(tools.map((tool) => [JSON.stringify(Object.values(virtualTool(tool))), plainReference(tool)]));
  return [...seen.values()];
}

/** What a stored row means. */
export function toToolset(id: string, name: string, tools: readonly ToolReference[]): Toolset {
  const free = toolsByServer(tools.filter((tool) => tool.fixed_arguments === undefined));
  const bound = tools.filter((tool) => free.get(tool.server_id)?.has(tool.tool_name) !== true);
  const virtual = tools.some((tool) => tool.name !== undefined || tool.fixed_arguments !== undefined);
  return {
    ...{ id, name, tools: toolsByServer(tools), bound: toolsByServer(bound) },
    virtual: virtual ? new VirtualTools(tools.map(virtualTool)) : null,
  };
}

/** Tool names by server. */
export function toolsByServer(tools: readonly ToolReference[]): ToolNames {
  const byServer = new Map<string, Set<string>>();
  for (const { server_id: id, tool_name: name } of tools) {
    const names = byServer.get(id);
    if (names === undefined) byServer.set(id, new Set([name]));
    else names.add(name);
  }
  return byServer;
}

function plainReference({ server_id, tool_name, name, fixed_arguments }: ToolReference): ToolReference {
  return {
    ...{ server_id, tool_name },
    ...(name !== undefined && { name }),
    ...(fixed_arguments !== undefined && { fixed_arguments }),
  };
}

function virtualTool({ server_id, tool_name, name, fixed_arguments }: ToolReference): VirtualTool {
  return { serverId: server_id, toolName: tool_name, name: name ?? null, fixed: fixed_arguments ?? null };
}

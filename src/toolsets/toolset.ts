/** One tool of a toolset, as stored: the server by its id, the tool by the name that its server has for it. */
export interface ToolReference {
  readonly server_id: string;
  readonly tool_name: string;
}

/** A toolset in memory. */
export interface Toolset {
  readonly id: string;
  readonly name: string;
  /** Upstream tool names by server id. */
  readonly tools: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Each tool once, in the order of the list. */
export function distinctTools(tools: readonly ToolReference[]): ToolReference[] {
  const seen = new Map(
    tools.map(({ server_id, tool_name }) => [JSON.stringify([server_id, tool_name]), { server_id, tool_name }]),
  );
  return [...seen.values()];
}

/** Tool names by server. */
export function toolsByServer(tools: readonly ToolReference[]): ReadonlyMap<string, ReadonlySet<string>> {
  const byServer = new Map<string, Set<string>>();
  for (const { server_id: id, tool_name: name } of tools) {
    const names = byServer.get(id);
    if (names === undefined) byServer.set(id, new Set([name]));
    else names.add(name);
  }
  return byServer;
}

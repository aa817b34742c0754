import type { JsonObject } from '../common/json.js';

/** A tool of a toolset as its door shows it. */
export interface VirtualTool {
  readonly serverId: string;
  /** The name that the server has for it. */
  readonly toolName: string;
  /** Its name at the door of the toolset; null: the public name. */
  readonly name: string | null;
  /** Arguments that every call is made with and that no caller can give; null: none. */
  readonly fixed: Readonly<JsonObject> | null;
}

/** The tools of a toolset of which at least one has another name or fixed arguments. */
export class VirtualTools {
  private readonly byName = new Map<string, VirtualTool>();
  private readonly byTool = new Map<string, VirtualTool[]>();
  /** Another text means that the door shows something else. */
  readonly fingerprint: string;

  constructor(tools: readonly VirtualTool[]) {
    this.fingerprint = JSON.stringify(tools);
    for (const tool of tools) {
      if (tool.name !== null) this.byName.set(tool.name, tool);
      const key = keyOf(tool.serverId, tool.toolName);
      const rows = this.byTool.get(key);
      if (rows === undefined) this.byTool.set(key, [tool]);
      else rows.push(tool);
    }
  }

  /** The tool that was given this name. */
  named(name: string): VirtualTool | undefined {
    return this.byName.get(name);
  }

  /** Everything that the toolset makes of one tool of a server. */
  rowsOf(serverId: string, toolName: string): readonly VirtualTool[] {
    return this.byTool.get(keyOf(serverId, toolName)) ?? [];
  }
}

function keyOf(serverId: string, toolName: string): string {
  return JSON.stringify([serverId, toolName]);
}

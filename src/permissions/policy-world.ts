import type { RegistrySnapshot } from '../mcp-servers/mcp-server.js';
import type { VirtualTools } from '../toolsets/virtual-tools.js';

/** A named selection of tools, as the rules see it. */
export interface PolicyToolset {
  readonly id: string;
  readonly name: string;
  /** Upstream tool names by server id. Rows of servers that are not active are ignored. */
  readonly tools: ReadonlyMap<string, ReadonlySet<string>>;
  /** Those that it has with fixed arguments only: it grants them at its own door and nowhere else. Missing: none. */
  readonly bound?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Missing as null: its door shows the tools as they are. */
  readonly virtual?: VirtualTools | null;
}

/** Finds toolsets. Both lookups compare exactly. */
export interface ToolsetLookup {
  byId(id: string): PolicyToolset | undefined;
  byName(name: string): PolicyToolset | undefined;
}

/** Everything besides caller and request that a decision is made on: immutable while one decision runs. */
export interface PolicyWorld {
  readonly registry: RegistrySnapshot;
  readonly toolsets: ToolsetLookup;
  /** Servers of a unified access group, as ids; empty when there is no such group. */
  accessGroup(id: string): readonly string[];
  /** Stands between a server and a tool in prefixed names. */
  readonly separator: string;
}

/** By id, else by exact name. */
export function findToolset(world: PolicyWorld, reference: string): PolicyToolset | undefined {
  return world.toolsets.byId(reference) ?? world.toolsets.byName(reference);
}

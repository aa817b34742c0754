import type { Principal } from '../auth/principal.js';
import type { ToolReference } from './toolset.js';

/**
 * What the toolsets have to ask the room of the permissions, which is above them. That room provides it globally, under
 * this class as token.
 */
export abstract class ToolsetHolders {
  /** Ids of the toolsets that the grants of a caller hold; an admin view needs none and is not looked at. */
  abstract heldBy(caller: Principal): ReadonlySet<string>;
}

/** What the toolsets have to ask the catalogue, which is above them and provides it globally, under this class as token. */
export abstract class ToolCatalogue {
  /**
   * Those of the tools that the catalogue does not have, also because their server cannot be asked. Never rejects; takes
   * at most as long as one server may take to list its tools.
   */
  abstract missing(tools: readonly ToolReference[]): Promise<ToolReference[]>;
  /** The name of a tool at doors of several servers, whether there is such a tool or not; null: the server is not active. */
  abstract publicName(tool: ToolReference): string | null;
}

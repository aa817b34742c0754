import type { CancelSignal } from '../common/cancellation.js';
import { Injectable } from '@nestjs/common';
import type { CredentialCaller } from '../credentials/upstream-credential.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { ToolBackends } from './tool-backends.js';
import { ListChanges } from './list-changes.js';

/** Lists what upstreams offer. The part of a backend that may be used outside of `tool-calls`: it cannot call. */
@Injectable()
export class ToolLister {
  readonly #backends: ToolBackends;
  readonly #changes: ListChanges;

  constructor(backends: ToolBackends, changes: ListChanges) {
    this.#backends = backends;
    this.#changes = changes;
  }

  /**
   * Every tool of an upstream.
   * @param caller who asks, where the upstream is shown a credential of the caller; null: the gateway itself
   * @throws GatehouseError of the `upstream_*` family or `call_cancelled`, or as {@link UpstreamCredentials.of}.
   */
  list(server: McpServer, caller: CredentialCaller | null, signal: CancelSignal): Promise<readonly ToolDefinition[]> {
    return this.#backends.for(server).listTools(server, caller, signal);
  }

  /** What was left out or simplified when the tools were listed, for the admin. */
  warnings(server: McpServer): readonly string[] {
    return this.#backends.for(server).warnings(server);
  }

  /** Closes what was opened for a server that is in no registry; for the others the registry sees to it. */
  forget(server: McpServer): Promise<void> {
    return this.#backends.for(server).release(server.id);
  }

  /**
   * Calls `listener` with the id of a server whose lists are not what they were: it said so, or it refused a call because
   * of it.
   * @returns a function that ends the subscription.
   */
  onListsChanged(listener: (serverId: string) => void): () => void {
    return this.#changes.subscribe(listener);
  }
}

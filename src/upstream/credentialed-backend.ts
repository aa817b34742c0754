import type { CancelSignal } from '../common/cancellation.js';
import type { JsonObject } from '../common/json.js';
import { CredentialRefused } from '../credentials/credential-refused.js';
import type { CredentialCaller, UpstreamCredential } from '../credentials/upstream-credential.js';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { AuthorizedOutgoing } from './authorized-outgoing.js';
import type { Listening, ListeningCaller, ListenSpec } from './listening/listening.js';
import type { OwnRequest, ToolBackend } from './tool-backend.js';
import type { InvokeOptions, UpstreamReply } from './upstream.types.js';

/** What a server is asked for on behalf of one owner: its lists and what it declares. */
export interface AskedServer {
  capabilities(): Promise<JsonObject | null>;
  listPage(method: string, params: JsonObject): Promise<UpstreamReply>;
}

/**
 * A backend with what is presented to the upstream. When the upstream refuses a credential, its injector is told, and
 * what was surely not sent is sent once more with another one. A call that was sent is never sent again.
 */
export class CredentialedBackend {
  readonly #backend: ToolBackend;

  constructor(
    backend: ToolBackend,
    private readonly credentials: Pick<UpstreamCredentials, 'of'>,
  ) {
    this.#backend = backend;
  }

  /** Can this transport carry headers that a hook adds? */
  get carriesHookHeaders(): boolean {
    return this.#backend.carriesHookHeaders;
  }

  /** As {@link ToolBackend.invoke}. */
  invoke(call: AuthorizedOutgoing, options: InvokeOptions): Promise<UpstreamReply> {
    const caller = { principal: call.principal, headers: options.callerHeaders };
    return this.#present(call.server, caller, (credential) => this.#backend.invoke(call, options, credential));
  }

  /** As {@link ToolBackend.listTools}. */
  listTools(
    server: McpServer,
    caller: CredentialCaller | null,
    signal: CancelSignal,
  ): Promise<readonly ToolDefinition[]> {
    return this.#ask(server, caller, signal, (request) => this.#backend.listTools(request));
  }

  /** The other lists of a server. */
  asked(server: McpServer, caller: CredentialCaller | null, signal: CancelSignal): AskedServer {
    return {
      capabilities: () => this.#ask(server, caller, signal, (request) => this.#backend.capabilities(request)),
      listPage: (method, params) =>
        this.#ask(server, caller, signal, (request) => this.#backend.listPage(request, method, params)),
    };
  }

  /** As {@link ToolBackend.warnings}. */
  warnings(server: McpServer): readonly string[] {
    return this.#backend.warnings?.(server) ?? [];
  }

  /** What is presented in the name of somebody who listens. @throws GatehouseError as {@link UpstreamCredentials.of} */
  async credentialFor(caller: ListeningCaller): Promise<UpstreamCredential> {
    return this.credentials.of(caller.request.server, callerOf(caller));
  }

  /** As {@link ToolBackend.listen}; null: nothing can be heard of this transport. */
  listen(spec: Omit<ListenSpec, 'credential'>): Listening | null {
    const caller = spec.caller === null ? null : callerOf(spec.caller);
    return this.#backend.listen?.({ ...spec, credential: () => this.credentials.of(spec.server, caller) }) ?? null;
  }

  /** As {@link ToolBackend.release}. */
  release(serverId: string): Promise<void> {
    return this.#backend.release(serverId);
  }

  /** As {@link ToolBackend.close}. */
  close(): Promise<void> {
    return this.#backend.close();
  }

  #ask<T>(
    server: McpServer,
    caller: CredentialCaller | null,
    signal: CancelSignal,
    work: (request: OwnRequest) => Promise<T>,
  ): Promise<T> {
    return this.#present(server, caller, (credential) => work({ server, credential, signal }));
  }

  async #present<T>(
    server: McpServer,
    caller: CredentialCaller | null,
    work: (credential: UpstreamCredential) => Promise<T>,
  ): Promise<T> {
    const present = this.credentials.of(server, caller);
    const credential = present instanceof Promise ? await present : present;
    try {
      return await work(credential);
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === null || credential.refused === undefined) throw error;
      await credential.refused(refusal.refusal);
      if (refusal.sent !== 'no') throw error;
      const next = await this.credentials.of(server, caller);
      if (next === credential) throw error;
      return work(next);
    }
  }
}

/** Whose credential is used for what a caller listens to. */
function callerOf({ request, options }: ListeningCaller): CredentialCaller {
  return { principal: request.principal, headers: options.callerHeaders };
}

function refusalIn(error: unknown): CredentialRefused | null {
  return error instanceof CredentialRefused ? error : null;
}

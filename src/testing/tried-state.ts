import { randomUUID } from 'node:crypto';
import type { Principal } from '../auth/principal.js';
import type { CancelSignal } from '../common/cancellation.js';
import type { JsonObject } from '../common/json.js';
import type { HookSelection } from '../hooks/hook-registry.js';
import type { HookStep } from '../hooks/hook-step.js';
import type { HookAsk, HookedCall } from '../hooks/hooked-call.js';
import type { CallOrigin, UpstreamMessage } from '../hooks/hook.types.js';
import type { WatchedDispatch } from '../hooks/watched-dispatch.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { jsonOf, principalOf, serverOf, type MadeUpCall } from './made-up-call.js';

/** A made-up call on its way along the hooks. */
export class TriedState implements HookedCall {
  readonly callId = randomUUID();
  readonly origin: CallOrigin;
  readonly principal: Principal;
  readonly publicName: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: CancelSignal;
  readonly hookTarget: HookedCall['hookTarget'];
  readonly tool: ToolDefinition;
  hooks: HookSelection | null = null;
  readonly hookSteps: HookStep[] = [];
  /** What reached the client besides the result. */
  readonly delivered: UpstreamMessage[] = [];
  /** The caller's; a hook that changes anything puts other ones in the place of `arguments`. */
  readonly given: Readonly<JsonObject>;
  arguments: Readonly<JsonObject>;
  asks: HookAsk[] | null = null;
  readonly rehearsal = null;
  readonly trace = null;
  hookHeaders: Readonly<Record<string, string>> | null = null;
  dispatch: WatchedDispatch | null = null;
  dispatched = false;

  /** @param guardrails names of the hooks that run, also of those that are off by default */
  constructor(
    readonly made: MadeUpCall,
    guardrails: readonly string[],
  ) {
    const server = serverOf(made.server);
    this.origin = made.origin ?? 'mcp';
    this.principal = principalOf(made.principal);
    this.publicName = made.publicName ?? `${server.alias ?? server.name ?? server.id}-${made.tool}`;
    this.headers = Object.fromEntries(
      Object.entries(made.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    this.signal = made.signal ?? new AbortController().signal;
    this.hookTarget = { server, guardrails, tool: made.tool };
    this.tool = { name: made.tool, inputSchema: jsonOf(made.inputSchema ?? { type: 'object' }) };
    this.given = jsonOf(made.arguments ?? {});
    this.arguments = this.given;
  }

  notify(method: string, params: JsonObject): void {
    this.delivered.push({ method, params });
  }
}

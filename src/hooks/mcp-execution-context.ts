import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { HookCallView } from './hook-call-view.js';
import type { HookPrincipal, ToolCallView } from './hook.types.js';

/** Context type of tool calls: what `context.getType()` answers in their guards and interceptors. */
export const MCP_CONTEXT_TYPE = 'mcp';

/**
 * The execution context of a tool call with typed getters, for guards and interceptors of `MCP_CALL_GUARDS` and
 * `MCP_CALL_INTERCEPTORS`; to Nest's `ExecutionContext` what `GqlExecutionContext` is to that of GraphQL.
 */
export class McpExecutionContext extends ExecutionContextHost {
  /** @throws TypeError when the context is not that of a tool call, so that a misplaced guard refuses */
  static create(context: ExecutionContext): McpExecutionContext {
    const call: unknown = context.getArgByIndex(0);
    if (context.getType<string>() !== MCP_CONTEXT_TYPE || !(call instanceof HookCallView)) {
      throw new TypeError(`McpExecutionContext is for tool calls, not for a context of type ${context.getType()}`);
    }
    return McpExecutionContext.of(call, context);
  }

  /** @internal The context in which an author's guard or interceptor runs: it holds the view and nothing else. */
  static of(call: HookCallView, outer: ExecutionContext): McpExecutionContext {
    const context = new McpExecutionContext([call], outer.getClass(), outer.getHandler());
    context.setType(MCP_CONTEXT_TYPE);
    return context;
  }

  /** The whole call, deeply frozen. */
  getCall(): ToolCallView {
    return this.getArgByIndex<HookCallView>(0);
  }

  /** Who calls. */
  getPrincipal(): HookPrincipal {
    return this.getCall().principal;
  }

  getServer(): ToolCallView['server'] {
    return this.getCall().server;
  }

  /** Upstream name of the tool. */
  getTool(): string {
    return this.getCall().tool;
  }

  /** In a guard those of the caller, in an interceptor those that the pre hooks left. */
  getArguments(): ToolCallView['arguments'] {
    return this.getCall().arguments;
  }
}

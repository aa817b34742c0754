import type { ExternalContextCreator } from '@nestjs/core';
import { MCP_CONTEXT_TYPE } from '../hooks/mcp-execution-context.js';

/** A method that runs in a Nest execution context of type `mcp`: behind its guards, within its interceptors. */
export type InContext<State, Result> = (state: State) => Promise<Result>;

/**
 * Puts a method into its context. To be done once, at the start: making the context costs a hundred times what running
 * it costs.
 */
export function inToolCallContext<Name extends string, State, Result>(
  contexts: ExternalContextCreator,
  handler: Readonly<Record<Name, InContext<State, Result>>>,
  name: Name,
): InContext<State, Result> {
  // Nest types the callback by its untyped arguments; the context is only ever run with a state.
  const callback = handler[name] as (...args: unknown[]) => unknown;
  const enhancers = { guards: true, interceptors: true, filters: false };
  return contexts.create(
    handler,
    callback,
    name,
    undefined,
    undefined,
    undefined,
    undefined,
    enhancers,
    MCP_CONTEXT_TYPE,
  );
}

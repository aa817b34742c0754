import { applyDecorators, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { HookPhase } from './hook.types.js';

/** How a hook is run. Only `name` is required. */
export interface McpHookOptions {
  /** Unique; appears in errors, audit records and metrics, and in `metadata.guardrails` of keys. */
  readonly name: string;
  /** Hooks run in ascending order; equal orders run by name. Default 100. */
  readonly order?: number;
  /** Runs on every call. false: only where a key or a server names it. Default true. */
  readonly defaultOn?: boolean;
  /** Lets calls pass when the hook itself fails (never when it blocks). Shown by `/health/ready`. Default false. */
  readonly failOpen?: boolean;
  /** Runs in these phases only. Default: in every phase whose method it has. */
  readonly phases?: readonly HookPhase[];
  /** Time limit of one run in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
}

/** Metadata of a hook class; read by the registry through Nest's discovery. */
export const HookMetadata = DiscoveryService.createDecorator<McpHookOptions>();

/** Where a hook of gateway.yaml comes from, as the list of guardrails says it. Hooks without one are from modules. */
export const HookSource = DiscoveryService.createDecorator<string>();

/**
 * Makes a provider a hook. The class implements `PreMcpCall`, `DuringMcpCall`, `PostMcpCall` or several
 * of them, and can inject whatever Nest can
 * inject. In plain JavaScript: `export default McpHook({ name: 'no-deletes' })(NoDeletes)`.
 */
export function McpHook(
  options: McpHookOptions,
): <C extends abstract new (...args: never[]) => unknown>(target: C) => C {
  const decorate = applyDecorators(Injectable(), HookMetadata(options));
  return (target) => {
    decorate(target);
    return target;
  };
}

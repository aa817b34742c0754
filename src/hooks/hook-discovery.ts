import type { DiscoveryService } from '@nestjs/core';
import { HookMetadata, HookSource, type McpHookOptions } from './mcp-hook.decorator.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A provider with `@McpHook`. */
export interface DiscoveredHook {
  readonly options: McpHookOptions;
  readonly instance: object;
  /** Where it comes from, as the list of guardrails says it; missing: from a module. */
  readonly source: string | undefined;
}

/**
 * Every provider with `@McpHook`, each instance once.
 * @throws Error when one of them is request-scoped or would silently be left out
 */
export function discoverHooks(discovery: DiscoveryService): DiscoveredHook[] {
  const found = new Map<object, DiscoveredHook>();
  for (const wrapper of discovery.getProviders({ metadataKey: HookMetadata.KEY })) {
    const options = discovery.getMetadataByDecorator(HookMetadata, wrapper);
    const { instance } = wrapper;
    if (options === undefined || !isObject(instance) || found.has(instance)) continue;
    if (!wrapper.isDependencyTreeStatic()) {
      throw new Error(`@McpHook "${options.name}" is request-scoped: a hook must be a singleton provider`);
    }
    found.set(instance, { options, instance, source: discovery.getMetadataByDecorator(HookSource, wrapper) });
  }
  discovery.getProviders().forEach(refuseInherited);
  return [...found.values()];
}

/** Nest finds providers by what was decorated itself, so this one would be taken for a guardrail and never run. */
function refuseInherited({ instance }: Wrapper): void {
  if (!isObject(instance)) return;
  const { constructor } = instance;
  if (typeof constructor !== 'function' || Reflect.hasOwnMetadata(HookMetadata.KEY, constructor)) return;
  const inherited = Reflect.getMetadata(HookMetadata.KEY, constructor) as McpHookOptions | undefined;
  if (inherited === undefined) return;
  throw new Error(
    `${constructor.name} inherits @McpHook "${inherited.name}" and has none of its own, so it would never run: ` +
      'decorate it under a name of its own, or leave it out of the providers',
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

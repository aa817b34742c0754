import { Module, type ClassProvider, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { MCP_CALL_GUARDS, MCP_CALL_INTERCEPTORS } from './call-extensions.js';
import { GuardrailLoadError, importDefault } from './guardrail-import.js';
import { HookMetadata } from './mcp-hook.decorator.js';

/** Holds a guardrail that is a plain provider. */
@Module({})
export class LoadedGuardrailModule {}

/**
 * Imports every entry of GUARDRAIL_MODULES and returns the Nest modules to add to the application. An entry is a path
 * (relative to the working directory) or a package name; its default export is a class with `@McpHook`, a provider of
 * such a class, of `MCP_CALL_GUARDS` or of `MCP_CALL_INTERCEPTORS`, or a Nest module, dynamic or not.
 * @throws GuardrailLoadError for the first entry that cannot be used: a guardrail that is missing must not go unnoticed.
 */
export function loadGuardrailModules(entries: readonly string[]): Promise<(Type<unknown> | DynamicModule)[]> {
  return Promise.all(entries.map(loadEntry));
}

async function loadEntry(entry: string): Promise<Type<unknown> | DynamicModule> {
  const label = `GUARDRAIL_MODULES: "${entry}"`;
  const exported = await importDefault(entry, label);
  if (isClass(exported) && isNestModule(exported)) return exported;
  if (isDynamicModule(exported)) return exported;
  if ((isClass(exported) && isHook(exported)) || isGuardrailProvider(exported)) return moduleOf(exported);
  throw new GuardrailLoadError(
    `${label} must have one of these as its default export: a class with @McpHook, a provider of one, of ` +
      'MCP_CALL_GUARDS or of MCP_CALL_INTERCEPTORS, or a Nest @Module',
  );
}

/** A module for each provider, as two of them may have the same token. */
export function moduleOf(provider: Provider): DynamicModule {
  return { module: LoadedGuardrailModule, providers: [provider] };
}

/** True for anything that can be called with `new`. */
export function isClass(value: unknown): value is Type<object> {
  return typeof value === 'function' && value.prototype !== undefined;
}

function isHook(candidate: Type<unknown>): boolean {
  return Reflect.hasMetadata(HookMetadata.KEY, candidate);
}

function isNestModule(candidate: Type<unknown>): boolean {
  return ['imports', 'providers', 'exports', 'controllers'].some((key) => Reflect.hasMetadata(key, candidate));
}

function isDynamicModule(value: unknown): value is DynamicModule {
  return typeof value === 'object' && value !== null && 'module' in value && isClass(value.module);
}

/** Any other provider would be there and never run. */
function isGuardrailProvider(value: unknown): value is ClassProvider {
  if (typeof value !== 'object' || value === null || !('provide' in value)) return false;
  if (value.provide === MCP_CALL_GUARDS || value.provide === MCP_CALL_INTERCEPTORS) return true;
  return 'useClass' in value && isClass(value.useClass) && isHook(value.useClass);
}

import {
  Module,
  type ClassProvider,
  type DynamicModule,
  type Provider,
  type Type,
  type ValueProvider,
} from '@nestjs/common';
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
  return guardrailModuleOf(await importDefault(entry, label), `${label} must have one of these as its default export`);
}

/**
 * The Nest module to add to the application for what an author gives as a guardrail.
 * @param refusal how the message begins when it is none
 * @throws GuardrailLoadError when it is none
 */
export function guardrailModuleOf(given: unknown, refusal: string): Type<unknown> | DynamicModule {
  if (isClass(given) && isNestModule(given)) return given;
  if (isDynamicModule(given)) return given;
  if ((isClass(given) && isHook(given)) || isGuardrailProvider(given)) return moduleOf(given);
  throw new GuardrailLoadError(
    `${refusal}: a class with @McpHook, a provider of one, of MCP_CALL_GUARDS or of MCP_CALL_INTERCEPTORS, ` +
      'or a Nest @Module',
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

function isHookInstance(candidate: object): boolean {
  return Reflect.hasMetadata(HookMetadata.KEY, candidate.constructor);
}

function isNestModule(candidate: Type<unknown>): boolean {
  return ['imports', 'providers', 'exports', 'controllers'].some((key) => Reflect.hasMetadata(key, candidate));
}

function isDynamicModule(value: unknown): value is DynamicModule {
  return typeof value === 'object' && value !== null && 'module' in value && isClass(value.module);
}

/** Any other provider would be there and never run. */
function isGuardrailProvider(value: unknown): value is ClassProvider | ValueProvider {
  if (typeof value !== 'object' || value === null || !('provide' in value)) return false;
  if (value.provide === MCP_CALL_GUARDS || value.provide === MCP_CALL_INTERCEPTORS) return true;
  if ('useValue' in value)
    return typeof value.useValue === 'object' && value.useValue !== null && isHookInstance(value.useValue);
  return 'useClass' in value && isClass(value.useClass) && isHook(value.useClass);
}

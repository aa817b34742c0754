import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { HookMetadata } from './mcp-hook.decorator.js';

/** Holds guardrails that are plain provider classes. */
@Module({})
export class LoadedGuardrailsModule {}

/** What GUARDRAIL_MODULES asks for could not be loaded. The message names the entry and says what to do. */
export class GuardrailLoadError extends Error {}

/**
 * Imports every entry of GUARDRAIL_MODULES and returns the Nest modules to add to the application. An entry is a path
 * (relative to the working directory) or a package name; its default export is a class with `@McpHook` or a Nest module.
 * @throws GuardrailLoadError for the first entry that cannot be used: a guardrail that is missing must not go unnoticed.
 */
export async function loadGuardrailModules(entries: readonly string[]): Promise<(Type<unknown> | DynamicModule)[]> {
  const exported = await Promise.all(entries.map(loadEntry));
  const providers = exported.filter(isHook);
  const modules = exported.filter((candidate) => !isHook(candidate));
  return [...modules, { module: LoadedGuardrailsModule, providers }];
}

async function loadEntry(entry: string): Promise<Type<unknown>> {
  const loaded = await importEntry(entry);
  const exported: unknown =
    typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : null;
  if (!isClass(exported)) {
    throw new GuardrailLoadError(`GUARDRAIL_MODULES: "${entry}" must have a class as its default export`);
  }
  if (!isHook(exported) && !isNestModule(exported)) {
    throw new GuardrailLoadError(`GUARDRAIL_MODULES: "${entry}" must export a class with @McpHook or a Nest @Module`);
  }
  return exported;
}

async function importEntry(entry: string): Promise<unknown> {
  try {
    return (await import(specifierOf(entry))) as unknown;
  } catch (error) {
    throw new GuardrailLoadError(`GUARDRAIL_MODULES: "${entry}" cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function specifierOf(entry: string): string {
  if (entry.startsWith('.') || isAbsolute(entry)) return pathToFileURL(resolve(entry)).href;
  // Packages are looked up from where the gateway was started, not from where it is installed.
  return pathToFileURL(createRequire(resolve('package.json')).resolve(entry)).href;
}

function isClass(value: unknown): value is Type<unknown> {
  return typeof value === 'function' && value.prototype !== undefined;
}

function isHook(candidate: Type<unknown>): boolean {
  return Reflect.hasMetadata(HookMetadata.KEY, candidate);
}

function isNestModule(candidate: Type<unknown>): boolean {
  return ['imports', 'providers', 'exports', 'controllers'].some((key) => Reflect.hasMetadata(key, candidate));
}

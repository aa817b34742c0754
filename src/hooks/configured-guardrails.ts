import type { DynamicModule, Type } from '@nestjs/common';
import type { GuardrailEntry } from '../config/guardrail-entry.js';
import { GuardrailLoadError, importDefault } from './guardrail-import.js';
import { isClass, moduleOf } from './guardrail-modules.js';
import { HookMetadata, McpHook, type McpHookOptions } from './mcp-hook.decorator.js';

/**
 * Imports the guardrails of gateway.yaml. Each is a class with methods of a hook; the entry gives it its name, its
 * phases and whether it is on by default, so one class can stand behind several entries. What `@McpHook` says of order,
 * time limit and `failOpen` stays.
 * @throws GuardrailLoadError for the first entry that cannot be used
 */
export function loadConfiguredGuardrails(entries: readonly GuardrailEntry[]): Promise<DynamicModule[]> {
  return Promise.all(
    entries.map(async (entry) => {
      const label = `CONFIG_FILE: the module of the guardrail "${entry.name}"`;
      const exported = await importDefault(entry.module, label);
      if (!isClass(exported)) throw new GuardrailLoadError(`${label} must have a class as its default export`);
      return moduleOf(configured(exported, entry));
    }),
  );
}

function configured(hookClass: Type<object>, { name, phases, defaultOn }: GuardrailEntry): Type<object> {
  // A class of its own for each entry, as the options belong to the class.
  const Configured = class extends hookClass {};
  Object.defineProperty(Configured, 'name', { value: hookClass.name });
  const declared = Reflect.getMetadata(HookMetadata.KEY, hookClass) as McpHookOptions | undefined;
  return McpHook({ ...declared, name, phases, defaultOn })(Configured);
}

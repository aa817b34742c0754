import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { GuardrailEntry } from '../config/guardrail-entry.js';
import { GUARDRAIL_NAME, GUARDRAIL_SETTINGS, type BuiltInGuardrails } from './built-in-guardrail.js';
import { readBuiltIn } from './built-in-settings.js';
import { GuardrailLoadError, importDefault } from './guardrail-import.js';
import { isClass, LoadedGuardrailModule } from './guardrail-modules.js';
import { HookMetadata, HookSource, McpHook, type McpHookOptions } from './mcp-hook.decorator.js';

/** What an entry stands for, before it is given the options of the entry. */
interface Found {
  readonly hook: Type<object>;
  /** For the list of guardrails. */
  readonly source: string;
  readonly providers: readonly Provider[];
  readonly imports: readonly (Type<unknown> | DynamicModule)[];
}

/**
 * Makes the guardrails of gateway.yaml: built-in ones, and modules with a class that has methods of a hook. The entry
 * gives it its name, its phases and whether it is on by default, so one class can stand behind several entries. What
 * `@McpHook` says of order, time limit and `failOpen` stays where the entry says nothing.
 * @throws GuardrailLoadError for the first entry that cannot be used
 */
export function loadConfiguredGuardrails(
  entries: readonly GuardrailEntry[],
  builtIns: BuiltInGuardrails,
): Promise<DynamicModule[]> {
  return Promise.all(
    entries.map(async (entry) => {
      const { hook, source, providers, imports } = await find(entry, builtIns);
      return {
        module: LoadedGuardrailModule,
        imports: [...imports],
        providers: [configured(hook, entry, source), { provide: GUARDRAIL_NAME, useValue: entry.name }, ...providers],
      };
    }),
  );
}

async function find(entry: GuardrailEntry, builtIns: BuiltInGuardrails): Promise<Found> {
  const { name, source } = entry;
  if (source.kind === 'built_in') {
    const { settings, faults } = readBuiltIn(entry, source, builtIns);
    if (faults.length > 0) throw new GuardrailLoadError(`CONFIG_FILE ${faults.join('; ')}`);
    const { hook, imports = [] } = builtIns[source.builtIn];
    const providers = [{ provide: GUARDRAIL_SETTINGS, useValue: settings }];
    return { hook, source: `built_in:${source.builtIn}`, providers, imports };
  }
  const label = `CONFIG_FILE: the module of the guardrail "${name}"`;
  const exported = await importDefault(source.module, label);
  if (!isClass(exported)) throw new GuardrailLoadError(`${label} must have a class as its default export`);
  return { hook: exported, source: 'config_file', providers: [], imports: [] };
}

function configured(hookClass: Type<object>, entry: GuardrailEntry, source: string): Type<object> {
  // A class of its own for each entry, as the options belong to the class.
  const Configured = class extends hookClass {};
  Object.defineProperty(Configured, 'name', { value: hookClass.name });
  const declared = Reflect.getMetadata(HookMetadata.KEY, hookClass) as McpHookOptions | undefined;
  HookSource(source)(Configured);
  return McpHook({ ...declared, ...optionsOf(entry) })(Configured);
}

function optionsOf({ name, phases, defaultOn, order, timeoutMs, failOpen }: GuardrailEntry): McpHookOptions {
  return {
    ...{ name, phases, defaultOn },
    ...(order !== null && { order }),
    ...(timeoutMs !== null && { timeoutMs }),
    ...(failOpen !== null && { failOpen }),
  };
}

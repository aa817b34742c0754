import { checkObject } from '../common/validation.js';
import type { GuardrailEntry, GuardrailSource, WrittenSettings } from '../config/guardrail-entry.js';
import type { BuiltInGuardrails } from './built-in-guardrail.js';
import { HOOK_METHODS } from './registered-hook.js';

type BuiltInSource = Extract<GuardrailSource, { kind: 'built_in' }>;

/** What is wrong with the entry of a built-in guardrail; each names line and field, and never a value. */
export function builtInFaults(entry: GuardrailEntry, builtIns: BuiltInGuardrails): readonly string[] {
  return entry.source.kind === 'module' ? [] : readBuiltIn(entry, entry.source, builtIns).faults;
}

/** The settings of a built-in guardrail as an instance of its class, and what is wrong with the entry. */
export function readBuiltIn(
  { phases }: GuardrailEntry,
  { builtIn, settings }: BuiltInSource,
  builtIns: BuiltInGuardrails,
): { readonly settings: object; readonly faults: readonly string[] } {
  const { hook, settings: type, requires = [] } = builtIns[builtIn];
  const checked = checkObject(type, settings.values);
  const faults = checked.faults.map(({ path, message }) => `${placeOf(settings, path)} ${message}`);
  const missing = phases.filter((phase) => typeof Reflect.get(hook.prototype, HOOK_METHODS[phase]) !== 'function');
  for (const phase of missing)
    faults.push(`${placeOf(settings, 'mode')} names ${phase}, which ${builtIn} does not have`);
  for (const phase of requires) {
    if (!phases.includes(phase)) faults.push(`${placeOf(settings, 'mode')} must name ${phase}, which ${builtIn} needs`);
  }
  return { settings: checked.value, faults };
}

/** A setting that is missing has no line of its own: then the line is that of what it is missing in. */
function placeOf({ places }: WrittenSettings, path: string): string {
  const written = Object.hasOwn(places, path) ? places[path] : undefined;
  if (written !== undefined) return written;
  if (path === '') return 'litellm_params';
  const parent = path.slice(0, Math.max(path.lastIndexOf('.'), 0));
  return `${placeOf({ places, values: {} }, parent)}.${path.slice(parent === '' ? 0 : parent.length + 1)}`;
}

import type { JsonObject } from '../../../src/common/json.js';
import type { BuiltInName, GuardrailEntry } from '../../../src/config/guardrail-entry.js';

/** An entry of `guardrails` in gateway.yaml, as it is read. */
export function builtIn(
  name: string,
  guardrail: BuiltInName,
  values: JsonObject = {},
  more: Partial<Omit<GuardrailEntry, 'source'>> = {},
): GuardrailEntry {
  return {
    name,
    source: { kind: 'built_in', builtIn: guardrail, settings: { values, places: {} } },
    phases: ['pre'],
    defaultOn: false,
    order: null,
    timeoutMs: null,
    failOpen: null,
    ...more,
  };
}

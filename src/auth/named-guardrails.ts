import type { JsonObject } from '../common/json.js';

const NONE: readonly string[] = Object.freeze([]);

/** Names of the guardrails that the metadata of a key or a level name. */
export function guardrailsIn(metadata: JsonObject | null): readonly string[] {
  const named = metadata?.['guardrails'];
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : NONE;
}

import { isJsonObject, type JsonObject } from '../common/json.js';
import { fieldFaults } from '../common/validation.js';

/**
 * What has to be asked when guardrails are named. The room that owns the hooks provides it globally, under this class
 * as token.
 */
export abstract class GuardrailNames {
  /** Is there a hook with this name? */
  abstract isLoaded(name: string): boolean;
}

/**
 * Checks names of guardrails that are to be stored: calls would be blocked for a guardrail that is not there.
 * @param path of the list in the body
 * @throws GatehouseError `invalid_request`, naming each entry that is not there
 */
export function checkGuardrailNames(named: unknown, path: string, guardrails: GuardrailNames): void {
  if (!Array.isArray(named)) return;
  const message = 'names no guardrail that is loaded; see GUARDRAIL_MODULES and guardrails in gateway.yaml';
  const faults = named.flatMap((name: unknown, index) =>
    typeof name === 'string' && guardrails.isLoaded(name) ? [] : [{ path: `${path}.${index}`, message }],
  );
  if (faults.length > 0) throw fieldFaults(faults);
}

/** The same for the `guardrails` in the metadata of a key or a level. */
export function checkMetadataGuardrails(metadata: JsonObject | null | undefined, guardrails: GuardrailNames): void {
  if (isJsonObject(metadata)) checkGuardrailNames(metadata['guardrails'], 'metadata.guardrails', guardrails);
}

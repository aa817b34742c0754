import { isJsonObject } from '../common/json.js';

/** Form of the names that hooks have. */
const HOOK_NAME = /^[A-Za-z0-9_.:-]{1,64}$/;

/** True when `guardrails` in the metadata of a key is missing or a list of hook names. */
export function isGuardrailList(metadata: unknown): boolean {
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, 'guardrails')) return true;
  const named = metadata['guardrails'];
  return Array.isArray(named) && named.every((name) => typeof name === 'string' && HOOK_NAME.test(name));
}

import type { GrantReferences } from '../grant-resolution.js';
import type { GuardrailNames } from '../guardrail-names.js';

/** What a write of grants needs: names are resolved inside of the transaction that stores them. */
export type WriteContext = GrantReferences;

/** What a write of a key or a level needs. */
export interface FieldContext extends WriteContext {
  readonly guardrails: GuardrailNames;
}

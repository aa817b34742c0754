import type { EntityManager } from 'typeorm';
import type { GuardrailNames } from '../guardrail-names.js';
import type { ServerReferences } from '../server-references.js';

/** What a write of grants needs: names are resolved inside of the transaction that stores them. */
export interface WriteContext {
  readonly manager: EntityManager;
  readonly servers: ServerReferences;
}

/** What a write of a key or a level needs. */
export interface FieldContext extends WriteContext {
  readonly guardrails: GuardrailNames;
}

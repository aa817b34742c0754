import type { DynamicModule, Type } from '@nestjs/common';
import type { BuiltInName, GuardrailPhase } from '../config/guardrail-entry.js';

/** Token under which the class of a built-in guardrail gets its settings, checked and complete. */
export const GUARDRAIL_SETTINGS = Symbol('GUARDRAIL_SETTINGS');
/** Token of the `guardrail_name` of its entry. */
export const GUARDRAIL_NAME = Symbol('GUARDRAIL_NAME');

/** A guardrail that gateway.yaml can name without a module. */
export interface BuiltInGuardrail {
  /** What may stand in `litellm_params` besides the settings of every entry: a class with rules and defaults. */
  readonly settings: Type<object>;
  /** A provider with methods of a hook; it injects {@link GUARDRAIL_SETTINGS} and whatever Nest can inject. */
  readonly hook: Type<object>;
  /** Phases that an entry must name: without them it would be weaker than its operator thinks. */
  readonly requires?: readonly GuardrailPhase[];
  /** Modules of what it injects, unless they are global. */
  readonly imports?: readonly (Type<unknown> | DynamicModule)[];
}

/** Every built-in guardrail by its name. */
export type BuiltInGuardrails = Readonly<Record<BuiltInName, BuiltInGuardrail>>;

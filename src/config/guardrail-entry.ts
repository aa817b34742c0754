import type { JsonObject } from '../common/json.js';

/** When a guardrail runs. */
export type GuardrailPhase = 'pre' | 'during' | 'post' | 'list';

/** Guardrails that the gateway brings along, by the name that `guardrail` in gateway.yaml gives them. */
export const BUILT_IN_NAMES = [
  'pii',
  'secrets',
  'prompt_injection',
  'result_limits',
  'cel',
  'mcp_jwt_signer',
  'webhook',
  'tool_pinning',
] as const;
export type BuiltInName = (typeof BUILT_IN_NAMES)[number];

/** Settings as they are written, with what is needed to say where one of them is wrong. */
export interface WrittenSettings {
  /** References to the environment are resolved, so this may hold secrets. */
  readonly values: JsonObject;
  /**
   * `line 7: guardrails[0].litellm_params.entities.email` by the path below `litellm_params` (`entities.email`); the
   * empty path is the whole.
   */
  readonly places: Readonly<Record<string, string>>;
}

/** What stands behind an entry: a built-in guardrail, or a module that holds a class. */
export type GuardrailSource =
  | { readonly kind: 'built_in'; readonly builtIn: BuiltInName; readonly settings: WrittenSettings }
  /** Absolute path or package name. */
  | { readonly kind: 'module'; readonly module: string };

/** One entry of `guardrails` in gateway.yaml. */
export interface GuardrailEntry {
  /** Unique in the file. */
  readonly name: string;
  readonly source: GuardrailSource;
  /** At least one. */
  readonly phases: readonly GuardrailPhase[];
  readonly defaultOn: boolean;
  /** null, here and below: as the class says. */
  readonly order: number | null;
  readonly timeoutMs: number | null;
  readonly failOpen: boolean | null;
}

/** Says what is wrong with the settings of a built-in guardrail; each names line and field, and never a value. */
export type CheckBuiltIn = (entry: GuardrailEntry) => readonly string[];

/** When a guardrail runs. */
export type GuardrailPhase = 'pre' | 'during' | 'post' | 'list';

/** One entry of `guardrails` in gateway.yaml. */
export interface GuardrailEntry {
  /** Unique in the file. */
  readonly name: string;
  /** Absolute path or package name of the module that holds its class. */
  readonly module: string;
  /** At least one. */
  readonly phases: readonly GuardrailPhase[];
  readonly defaultOn: boolean;
}

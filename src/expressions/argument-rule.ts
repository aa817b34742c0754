/**
 * A condition on the arguments of a tool, in CEL. `deny` refuses when the condition holds, `allow` refuses when it does
 * not; `ask` lets a person decide when it holds. A condition that cannot be evaluated refuses.
 */
export interface ArgumentRule {
  /** Upstream name, with or without a prefix; `*` is every tool. */
  readonly tool: string;
  readonly when: string;
  readonly effect: 'allow' | 'deny' | 'ask';
  /** Shown to the caller when the rule refuses or asks; null: a general text. */
  readonly message: string | null;
}

export const MAX_RULES = 64;
/** Characters of one condition. */
export const MAX_CONDITION_LENGTH = 2000;
export const MAX_TOOL_LENGTH = 256;
export const MAX_MESSAGE_LENGTH = 500;
export const RULE_EFFECTS = ['allow', 'deny', 'ask'] as const satisfies readonly ArgumentRule['effect'][];

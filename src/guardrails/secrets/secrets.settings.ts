import { IsIn } from 'class-validator';
import type { TextAction } from '../text/text-guard.js';
import { IsAllowedTexts, IsTextAction } from '../text/text-settings.js';

/** Where the rule for random texts looks. */
export const ENTROPY_RULES = ['off', 'assigned', 'anywhere'] as const;

/** Settings of the guardrail `secrets`. */
export class SecretsSettings {
  @IsTextAction()
  action: TextAction = 'block';

  /** `assigned`: what a name says is secret and looks random. `anywhere`: all long words that look random as well. */
  @IsIn(ENTROPY_RULES, { message: `must be one of ${ENTROPY_RULES.join(', ')}` })
  entropy: (typeof ENTROPY_RULES)[number] = 'assigned';

  @IsAllowedTexts()
  allow: string[] = [];
}

import { IsBoolean, IsIn } from 'class-validator';
import { TEXT_ACTIONS } from '../text/text-settings.js';
import type { TextAction } from '../text/text-guard.js';

export const LIST_ACTIONS = ['hide', 'mask'] as const;

/** Settings of the guardrail `prompt_injection`. */
export class PromptInjectionSettings {
  /** A tool with a suspicious description is left out of lists, or shown without what is suspicious. */
  @IsIn(LIST_ACTIONS, { message: `must be ${LIST_ACTIONS.join(' or ')}` })
  on_list: (typeof LIST_ACTIONS)[number] = 'hide';

  /** A suspicious result is withheld, or given without what is suspicious. */
  @IsIn(TEXT_ACTIONS, { message: `must be ${TEXT_ACTIONS.join(' or ')}` })
  on_result: TextAction = 'block';

  /** Counts as well what honest texts may hold. */
  @IsBoolean({ message: 'must be true or false' })
  strict = false;
}

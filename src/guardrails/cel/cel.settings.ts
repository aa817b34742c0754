import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { MAX_RULES, type ArgumentRule } from '../../expressions/argument-rule.js';
import { ArgumentRuleDto } from '../../expressions/argument-rule.dto.js';

/** As an argument rule of a key or server, but mostly it says what is refused, and for every tool. */
class CelRule extends ArgumentRuleDto {
  override tool = '*';
  override effect: ArgumentRule['effect'] = 'deny';
}

/** Settings of the guardrail `cel`. */
export class CelSettings {
  @IsArray({ message: 'must be a list of rules, each with a condition in "when"' })
  @ArrayMinSize(1, { message: 'must hold at least one rule' })
  @ArrayMaxSize(MAX_RULES, { message: `must be at most ${MAX_RULES} rules` })
  @IsObject({ each: true, message: 'must be a list of rules, each with a condition in "when"' })
  @ValidateNested({ each: true })
  @Type(() => CelRule)
  rules!: CelRule[];
}

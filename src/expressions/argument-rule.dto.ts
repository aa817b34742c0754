import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import {
  MAX_CONDITION_LENGTH,
  MAX_MESSAGE_LENGTH,
  MAX_RULES,
  MAX_TOOL_LENGTH,
  RULE_EFFECTS,
  type ArgumentRule,
} from './argument-rule.js';
import { conditionFault } from './cel.js';

/** One argument rule in a body. */
export class ArgumentRuleDto implements ArgumentRule {
  @ApiProperty({ example: 'write_file', description: 'Upstream name, with or without a prefix; `*` is every tool' })
  @IsString()
  @Length(1, MAX_TOOL_LENGTH)
  tool!: string;

  @ApiProperty({
    example: "args.path.startsWith('/home/' + principal.user_id + '/')",
    description:
      'CEL with the variables `args`, `tool`, `server` and `principal`. Numbers in `args` are of type double: write ' +
      '`args.n + 1.0`. A missing argument is an error, and an error refuses the call: ask with `has(args.n)` first',
  })
  @IsString()
  @Length(1, MAX_CONDITION_LENGTH)
  @ValidateBy({
    name: 'isCondition',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && conditionFault(value) === null,
      defaultMessage: (argument) => conditionFault(String(argument?.value)) ?? 'must be a condition in CEL',
    },
  })
  when!: string;

  @ApiProperty({
    enum: RULE_EFFECTS,
    description:
      '`deny` refuses when the condition holds, `allow` when it does not; `ask` has a person approve the call when it holds',
  })
  @IsIn(RULE_EFFECTS, { message: `must be one of ${RULE_EFFECTS.join(', ')}` })
  effect!: ArgumentRule['effect'];

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Shown to the caller when the rule refuses or asks',
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_MESSAGE_LENGTH)
  message: string | null = null;
}

/** The property is a list of argument rules, each with a condition that compiles. Faults name the rule and its field. */
export function IsArgumentRules(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(MAX_RULES),
    IsObject({ each: true, message: 'must be a list of rules, each an object' }),
    ValidateNested({ each: true }),
    Type(() => ArgumentRuleDto),
  );
}

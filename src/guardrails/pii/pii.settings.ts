import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, Matches, MaxLength, ValidateBy, ValidateNested } from 'class-validator';
import type { TextAction } from '../text/text-guard.js';
import { IsActionOfKinds, IsAllowedTexts, IsTextAction } from '../text/text-settings.js';
import { patternFault } from './custom-pattern.js';

/** What `pii` finds without a pattern. */
export const PII_ENTITIES = ['email', 'card', 'iban', 'phone', 'ip'] as const;
export type PiiEntity = (typeof PII_ENTITIES)[number];

const MAX_PATTERNS = 20;
const MAX_PATTERN_LENGTH = 500;

/** A pattern of the operator. */
class PiiPattern {
  /** Stands in place of what is masked, and in refusals. */
  @Matches(/^[a-z][a-z0-9_]{0,39}$/, { message: 'must be 1 to 40 lower-case letters, digits and _' })
  name!: string;

  @MaxLength(MAX_PATTERN_LENGTH, { message: `must be a text of at most ${MAX_PATTERN_LENGTH} characters` })
  @ValidateBy({
    name: 'isPattern',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && patternFault(value) === null,
      defaultMessage: (argument) => patternFault(String(argument?.value)) ?? 'must be a pattern in RE2',
    },
  })
  pattern!: string;

  @IsTextAction()
  action: TextAction = 'mask';
}

/** Settings of the guardrail `pii`. */
export class PiiSettings {
  /** What is looked for, and what happens then. */
  @IsActionOfKinds(PII_ENTITIES)
  entities: Partial<Record<PiiEntity, TextAction>> = {
    email: 'mask',
    card: 'mask',
    iban: 'mask',
    phone: 'mask',
    ip: 'mask',
  };

  @IsArray({ message: 'must be a list of patterns, each with "name" and "pattern"' })
  @ArrayMaxSize(MAX_PATTERNS, { message: `must be at most ${MAX_PATTERNS} patterns` })
  @IsObject({ each: true, message: 'must be a list of patterns, each with "name" and "pattern"' })
  @ValidateNested({ each: true })
  @Type(() => PiiPattern)
  patterns: PiiPattern[] = [];

  @IsAllowedTexts()
  allow: string[] = [];
}

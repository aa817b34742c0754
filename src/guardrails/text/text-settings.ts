import { applyDecorators } from '@nestjs/common';
import { IsIn, ValidateBy } from 'class-validator';
import { isJsonObject } from '../../common/json.js';
import { IsTextList } from '../../common/map-validators.js';
import type { TextAction } from './text-guard.js';

export const TEXT_ACTIONS = ['mask', 'block'] as const satisfies readonly TextAction[];
const MAX_ALLOWED = 1000;
const MAX_ALLOWED_LENGTH = 500;

/** The property is `mask` or `block`. */
export function IsTextAction(): PropertyDecorator {
  return IsIn(TEXT_ACTIONS, { message: `must be ${TEXT_ACTIONS.join(' or ')}` });
}

/** The property is a map from some of these kinds to `mask` or `block`. */
export function IsActionOfKinds(kinds: readonly string[]): PropertyDecorator {
  const fits = (value: unknown): boolean =>
    isJsonObject(value) &&
    Object.entries(value).every(
      ([kind, action]) => kinds.includes(kind) && TEXT_ACTIONS.some((known) => known === action),
    );
  const message = `must say ${TEXT_ACTIONS.join(' or ')} for one or several of: ${kinds.join(', ')}`;
  return ValidateBy({ name: 'isActionOfKinds', validator: { validate: fits, defaultMessage: () => message } });
}

/** The property is a list of texts that are never a finding. */
export function IsAllowedTexts(): PropertyDecorator {
  return applyDecorators(IsTextList(MAX_ALLOWED, MAX_ALLOWED_LENGTH));
}

/** Allowed texts in the form in which they are compared. */
export function allowedSet(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.map((text) => text.toLowerCase()));
}

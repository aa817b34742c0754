import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, Matches, ValidateBy, ValidateIf } from 'class-validator';
import { isJsonObject } from '../../common/json.js';

const MAX_INTEGER = 2_147_483_647;
const MAX_ENTRIES = 1000;
const MAX_NAME_LENGTH = 256;
const MAX_IDS = 100;
/** Ids can be the names that an identity provider or an application has for somebody. */
const ID = /^[^\p{C}\s]([^\p{C}]{0,126}[^\p{C}\s])?$/u;
const ID_MESSAGE = 'must be 1 to 128 printable characters without blanks at its ends';
const NAME = /^\P{C}{1,128}$/u;

/** The property is the id of an identity. */
export function IsIdentityId(): PropertyDecorator {
  return applyDecorators(IsString(), Matches(ID, { message: ID_MESSAGE }));
}

/** The property is a list of 1 to 100 ids. */
export function IsIdentityIdList(): PropertyDecorator {
  return applyDecorators(
    IsArray({ message: 'must be a list' }),
    ArrayMinSize(1, { message: 'must name at least one' }),
    ArrayMaxSize(MAX_IDS, { message: `must name at most ${MAX_IDS}` }),
    Matches(ID, { each: true, message: `each entry ${ID_MESSAGE}` }),
  );
}

/** The property is a name for people. */
export function IsDisplayName(): PropertyDecorator {
  return applyDecorators(IsString(), Matches(NAME, { message: 'must be 1 to 128 printable characters' }));
}

/** The property may be missing, and unlike with `IsOptional` it may not be null. */
export function MayBeMissing(): PropertyDecorator {
  return ValidateIf((_object: object, value: unknown) => value !== undefined);
}

/** The property is a number of calls. */
export function IsCallLimit(): PropertyDecorator {
  return ValidateBy({
    name: 'isCallLimit',
    validator: { validate: isCallLimit, defaultMessage: () => `must be a whole number from 0 to ${MAX_INTEGER}` },
  });
}

/** The property is an object whose values are numbers of calls. */
export function IsCallLimitMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isCallLimitMap',
    validator: {
      validate: isCallLimitMap,
      defaultMessage: () => `must be an object whose values are whole numbers from 0 to ${MAX_INTEGER}`,
    },
  });
}

/** The property is an amount of cost. */
export function IsBudget(): PropertyDecorator {
  return ValidateBy({
    name: 'isBudget',
    validator: {
      validate: (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
      defaultMessage: () => 'must be a number of at least 0',
    },
  });
}

function isCallLimit(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_INTEGER;
}

function isCallLimitMap(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_ENTRIES &&
    entries.every(([name, limit]) => name.length <= MAX_NAME_LENGTH && !name.includes('\u0000') && isCallLimit(limit))
  );
}

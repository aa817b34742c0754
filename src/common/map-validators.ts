import { ValidateBy } from 'class-validator';
import { isJsonObject } from './json.js';

const MAX_ENTRIES = 1000;
const MAX_NAME_LENGTH = 256;

/** The property is a JSON object whose values are all strings of at most `maxLength` characters. */
export function IsStringMap(maxLength: number): PropertyDecorator {
  return rule('isStringMap', (value) => isMapOf(value, (entry) => isText(entry, maxLength)), {
    message: `must be an object whose values are strings of at most ${maxLength} characters`,
  });
}

/** The property is a JSON object whose values are all lists of strings. */
export function IsStringListMap(): PropertyDecorator {
  return rule('isStringListMap', (value) => isMapOf(value, isTextList), {
    message: 'must be an object whose values are lists of strings',
  });
}

/** The property is a JSON object whose values are all lists of strings or null. */
export function IsNullableStringListMap(): PropertyDecorator {
  return rule('isNullableStringListMap', (value) => isMapOf(value, (entry) => entry === null || isTextList(entry)), {
    message: 'must be an object whose values are lists of strings, or null',
  });
}

/** The property is a JSON object of at most `maxBytes` when written as JSON. */
export function IsJsonObjectWithin(maxBytes: number): PropertyDecorator {
  const fits = (value: unknown): boolean => isJsonObject(value) && Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
  return rule('isJsonObjectWithin', fits, { message: `must be a JSON object of at most ${maxBytes} bytes` });
}

/** The property is a list of at most `max` strings of 1 to `maxLength` characters. */
export function IsTextList(max: number, maxLength: number): PropertyDecorator {
  const fits = (value: unknown): boolean =>
    Array.isArray(value) && value.length <= max && value.every((entry) => isText(entry, maxLength) && entry !== '');
  return rule('isTextList', fits, {
    message: `must be a list of at most ${max} strings of 1 to ${maxLength} characters`,
  });
}

function rule(
  name: string,
  validate: (value: unknown) => boolean,
  { message }: { message: string },
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate, defaultMessage: () => message } });
}

function isMapOf(value: unknown, isValid: (entry: unknown) => boolean): boolean {
  if (!isJsonObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_ENTRIES && entries.every(([name, entry]) => isText(name, MAX_NAME_LENGTH) && isValid(entry))
  );
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_ENTRIES && value.every((entry) => isText(entry, MAX_NAME_LENGTH));
}

/** PostgreSQL stores no NUL in text. */
function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && !value.includes('\u0000');
}

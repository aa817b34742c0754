import { ValidateBy } from 'class-validator';
import { isJsonObject } from '../../common/json.js';

/** The list must not hold, and the map not have a member of, any of these names. */
export function LacksMembers(names: readonly string[]): PropertyDecorator {
  const message = `must leave ${names.join(', ')} alone: they are the lifetime of the token`;
  return ValidateBy({
    name: 'lacksMembers',
    validator: {
      validate: (value: unknown) => !names.some((name) => namesIn(value).includes(name)),
      defaultMessage: () => message,
    },
  });
}

function namesIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.keys(value) : [];
}

import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { mayHoldAnyText } from './any-text.decorator.js';
import { GatehouseError, type FieldFault } from './gatehouse-error.js';
import { unstorablePath, UNSTORABLE_TEXT } from './storable-text.js';

/** What class-validator calls the fault "this property has no decorator". */
const UNKNOWN_PROPERTY = 'whitelistValidation';
const UNKNOWN_FIELD = 'is not a field of this request; remove it';
const MAX_FAULTS = 50;
const MAX_PATH_LENGTH = 200;

interface FoundFault extends FieldFault {
  readonly unknown: boolean;
}

/** Refuses what no database can hold, whatever the rules say of it, so that no write fails with it. */
class RequestPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isChecked = metadata.type !== 'custom' && metadata.metatype !== Object && !mayHoldAnyText(metadata.metatype);
    const path = isChecked ? unstorablePath(value, metadata.data) : null;
    if (path === null) return super.transform(value, metadata);
    const others = await super.transform(value, metadata).then(() => [], faultsIn);
    const unstorable = { path, message: UNSTORABLE_TEXT };
    throw fieldFaults([...others.filter((fault) => fault.path !== path), unstorable]);
  }
}

/**
 * The one pipe that checks bodies and queries. Fields without a rule are refused; values are never converted, except
 * where a DTO says `@Type`.
 */
export function createValidationPipe(): ValidationPipe {
  return new RequestPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidRequest(collect(errors, '', UNKNOWN_FIELD)),
  });
}

function faultsIn(thrown: unknown): readonly FieldFault[] {
  if (thrown instanceof GatehouseError) return thrown.faults;
  throw thrown;
}

/** The 400 for faults of single fields: `unknown_field` when that is all there is to say. */
function invalidRequest(found: readonly FoundFault[]): GatehouseError {
  const faults = found.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path, message }));
  const onlyUnknown = found.length > 0 && found.every((fault) => fault.unknown);
  return onlyUnknown
    ? new GatehouseError('unknown_field', 'The request has fields that this route does not know.', { faults })
    : fieldFaults(faults);
}

/** The 400 for faults that were found after the shape of the request was checked. */
export function fieldFaults(faults: readonly FieldFault[]): GatehouseError {
  return new GatehouseError('invalid_request', 'Some fields are not valid; see "errors".', { faults });
}

/**
 * Checks a plain object against a class with rules, as bodies are checked: members without a rule are faults.
 * @returns the instance and what is wrong with it, each with its path; the instance is of use only without faults
 */
export function checkObject<T extends object>(
  type: new () => T,
  plain: object,
): { readonly value: T; readonly faults: readonly FieldFault[] } {
  const value = plainToInstance(type, plain);
  const errors = validateSync(value, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
  });
  return { value, faults: collect(errors, '', 'is not a known setting; remove it') };
}

function collect(errors: readonly ValidationError[], parent: string, unknown: string): FoundFault[] {
  return errors.flatMap((error) => {
    const path = (parent === '' ? error.property : `${parent}.${error.property}`).slice(0, MAX_PATH_LENGTH);
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => {
      if (rule === UNKNOWN_PROPERTY) return { path, message: unknown, unknown: true };
      return { path, message: withoutName(message, error.property), unknown: false };
    });
    return [...own, ...collect(error.children ?? [], path, unknown)];
  });
}

/** The library's own messages begin with the name of the property, which the path already says. */
function withoutName(message: string, property: string): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

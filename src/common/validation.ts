import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { GatehouseError, type FieldFault } from './gatehouse-error.js';

/** What class-validator calls the fault "this property has no decorator". */
const UNKNOWN_PROPERTY = 'whitelistValidation';
const MAX_FAULTS = 50;
const MAX_PATH_LENGTH = 200;

interface FoundFault extends FieldFault {
  readonly unknown: boolean;
}

/**
 * The one pipe that checks bodies and queries. Fields without a rule are refused; values are never converted, except
 * where a DTO says `@Type`.
 */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidRequest(collect(errors, '')),
  });
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

function collect(errors: readonly ValidationError[], parent: string): FoundFault[] {
  return errors.flatMap((error) => {
    const path = (parent === '' ? error.property : `${parent}.${error.property}`).slice(0, MAX_PATH_LENGTH);
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => {
      return faultOf(path, rule, withoutName(message, error.property));
    });
    return [...own, ...collect(error.children ?? [], path)];
  });
}

/** The library's own messages begin with the name of the property, which the path already says. */
function withoutName(message: string, property: string): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

function faultOf(path: string, rule: string, message: string): FoundFault {
  if (rule === UNKNOWN_PROPERTY) return { path, message: 'is not a field of this request; remove it', unknown: true };
  return { path, message, unknown: false };
}

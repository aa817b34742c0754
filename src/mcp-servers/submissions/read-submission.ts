import type { ValidationPipe } from '@nestjs/common';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { isJsonObject } from '../../common/json.js';
import { createValidationPipe, fieldFaults } from '../../common/validation.js';
import { SUBMITTED_FIELDS, type SubmittedField } from '../../config/parse-management.js';
import { RegisterServerDto } from './submission.dto.js';

const MAX_FAULTS = 50;
const MAX_PATH_LENGTH = 200;
const pipe: ValidationPipe = createValidationPipe();

/**
 * Checks the body of a submission. Whatever an admin alone decides is refused by name, not as unknown.
 * @throws GatehouseError `forbidden_field`, `invalid_request`
 */
export async function readSubmission(
  body: unknown,
  requiredFields: readonly SubmittedField[],
): Promise<RegisterServerDto> {
  const sent = isJsonObject(body) ? body : {};
  refuseForbidden(sent);
  const submission: RegisterServerDto = await pipe.transform(sent, { type: 'body', metatype: RegisterServerDto });
  if (submission.transport === 'stdio') {
    throw fieldFaults([{ path: 'transport', message: 'must not be "stdio"; ask an admin to register such a server' }]);
  }
  const missing = requiredFields.filter((field) => isMissing(field, submission[field]));
  if (missing.length > 0) {
    throw fieldFaults(missing.map((path) => ({ path, message: 'is required for submissions' })));
  }
  return submission;
}

function refuseForbidden(sent: Readonly<Record<string, unknown>>): void {
  const fields = Object.keys(sent).filter((name) => !SUBMITTED_FIELDS.some((field) => field === name));
  const info = sent['mcp_info'];
  if (isJsonObject(info) && Object.hasOwn(info, 'is_public')) fields.push('mcp_info.is_public');
  if (fields.length === 0) return;
  const faults = fields.slice(0, MAX_FAULTS).map((path) => ({
    path: path.slice(0, MAX_PATH_LENGTH),
    message: 'cannot be submitted; the admin who approves the server may set it',
  }));
  throw new GatehouseError('forbidden_field', 'The submission has fields that only an admin sets.', { faults });
}

/** `false`, 0 and `{}` are values. */
function isMissing(field: SubmittedField, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (field === 'auth_type' && value === 'none') return true;
  return Array.isArray(value) && value.length === 0;
}

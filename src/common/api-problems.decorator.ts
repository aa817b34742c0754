import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { GatehouseError } from './gatehouse-error.js';
import { PROBLEM_MEDIA_TYPE, problemOf, type ProblemDocument } from './problem.js';
import { ProblemDto } from './problem.dto.js';

/** What a route with a JSON body can answer because of that body. */
export const BODY_PROBLEMS = [
  'invalid_request',
  'unknown_field',
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
] as const satisfies readonly ErrorCode[];

/** What a route with an access rule can answer whatever it does. */
export const COMMON_PROBLEMS = [
  'unauthenticated',
  'forbidden',
  'forbidden_route',
  'rate_limited',
  'dependency_unavailable',
  'internal_error',
] as const satisfies readonly ErrorCode[];

/** Documents the error codes that a route answers with, as problem documents, grouped by status. */
export function ApiProblems(...codes: readonly ErrorCode[]): MethodDecorator & ClassDecorator {
  const statuses = [...new Set(codes.map((code) => ERROR_CODES[code].http))];
  const responses = statuses.map((status) => {
    const own = codes.filter((code) => ERROR_CODES[code].http === status);
    return ApiResponse({
      status,
      description: own.map((code) => `\`${code}\`: ${ERROR_CODES[code].title}`).join('; '),
      content: {
        [PROBLEM_MEDIA_TYPE]: {
          schema: { $ref: getSchemaPath(ProblemDto) },
          examples: Object.fromEntries(own.map((code) => [code, { value: exampleOf(code) }])),
        },
      },
    });
  });
  return applyDecorators(ApiExtraModels(ProblemDto), ...responses);
}

const EXAMPLE_FAULT = { path: 'object_permission.mcp_servers.0', message: 'must be a string' };

/** Without it the documents would show one and the same problem under every status. */
function exampleOf(code: ErrorCode): ProblemDocument {
  const hasFaults = code === 'invalid_request';
  const message = hasFaults ? 'Some fields are not valid; see "errors".' : `${ERROR_CODES[code].title}.`;
  const error = new GatehouseError(code, message, hasFaults ? { faults: [EXAMPLE_FAULT] } : {});
  return problemOf(error, '6f7c2f0e-54cd-4a0f-9a4a-0f4b8d1a2f11');
}

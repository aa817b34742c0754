import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';
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
  const responses = statuses.map((status) =>
    ApiResponse({
      status,
      description: codes
        .filter((code) => ERROR_CODES[code].http === status)
        .map((code) => `\`${code}\`: ${ERROR_CODES[code].title}`)
        .join('; '),
      content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
  return applyDecorators(ApiExtraModels(ProblemDto), ...responses);
}

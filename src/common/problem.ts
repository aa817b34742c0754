import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { GatehouseError, messageOf, systemCodeOf, type FieldFault } from './gatehouse-error.js';

/** Media type of {@link ProblemDocument}. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** An error outside MCP, as RFC 9457 describes it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  /** Where somebody can do what is missing. */
  readonly setupUrl?: string;
  /** Only for faults of single fields. */
  readonly errors?: readonly FieldFault[];
}

type PublicError = readonly [code: ErrorCode, message: string];

const TOO_LARGE: PublicError = ['payload_too_large', 'The body is larger than this route accepts.'];
const NOT_JSON: PublicError = ['unsupported_media_type', 'Send a JSON body with Content-Type: application/json.'];

/** By the `type` that body-parser puts on its errors. */
const BODY_FAULTS: Readonly<Record<string, PublicError>> = {
  'entity.parse.failed': ['malformed_json', 'The body is not a JSON object or array. Send one, as UTF-8.'],
  'entity.too.large': TOO_LARGE,
  'charset.unsupported': ['unsupported_media_type', 'The body must be UTF-8.'],
  'encoding.unsupported': ['unsupported_media_type', 'Use a Content-Encoding of gzip, deflate or br, or none.'],
  'request.size.invalid': ['invalid_request', 'The body does not have the announced Content-Length.'],
  'request.aborted': ['invalid_request', 'The body ended before its announced length.'],
};

/** By status: errors of the framework say nothing more, and their texts are not shown. */
const BY_STATUS: Readonly<Record<number, PublicError>> = {
  400: ['invalid_request', 'The request is not valid.'],
  403: ['forbidden', 'The caller may not do this.'],
  404: ['not_found', 'There is nothing at this path.'],
  405: ['method_not_allowed', 'This path does not support the method.'],
  413: TOO_LARGE,
  415: NOT_JSON,
  503: ['dependency_unavailable', 'A dependency is not available; try again later.'],
};

const UNAVAILABLE: PublicError = ['dependency_unavailable', 'A dependency is not available; try again later.'];
const RETRY_AFTER_S = 5;
/** Codes of broken connections, from the system and from PostgreSQL (classes 08 and 57P, too many connections). */
const BROKEN_CONNECTION = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|08\w{3}|57P\d{2}|53300)$/;

const UNEXPECTED: PublicError = ['internal_error', 'The gateway could not do this.'];

/** Maps anything thrown to the error that the caller is shown. What is not known becomes `internal_error`. */
export function toGatehouseError(thrown: unknown): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  const options = { cause: thrown, detail: messageOf(thrown) };
  if (BROKEN_CONNECTION.test(systemCodeOf(thrown) ?? '')) {
    return new GatehouseError(...UNAVAILABLE, { ...options, retryAfter: RETRY_AFTER_S });
  }
  const [code, message] = BODY_FAULTS[typeOf(thrown)] ?? BY_STATUS[statusOf(thrown)] ?? UNEXPECTED;
  return new GatehouseError(code, message, options);
}

/** The document for an error; it holds nothing but the public part of the error. */
export function problemOf(error: GatehouseError, requestId: string): ProblemDocument {
  const { http, title } = ERROR_CODES[error.code];
  const document: ProblemDocument = {
    type: `urn:gatehouse:error:${error.code}`,
    title,
    status: http,
    detail: error.publicMessage,
    code: error.code,
    requestId,
    ...(error.setupUrl !== undefined && { setupUrl: error.setupUrl }),
  };
  return error.faults.length === 0 ? document : { ...document, errors: error.faults };
}

function typeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('type' in thrown)) return '';
  return typeof thrown.type === 'string' ? thrown.type : '';
}

/** Status of a Nest `HttpException` or of an error made by `http-errors`. */
function statusOf(thrown: unknown): number {
  if (typeof thrown !== 'object' || thrown === null) return 0;
  if ('getStatus' in thrown && typeof thrown.getStatus === 'function') return Number(thrown.getStatus());
  return 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 0;
}

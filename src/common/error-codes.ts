/** How loudly an error is logged. `silent` errors are expected traffic and appear only in metrics and audit. */
export type LogLevel = 'silent' | 'info' | 'warn' | 'error';

interface ErrorCodeRow {
  /** Status on HTTP doors outside MCP. */
  readonly http: number;
  /** Short, constant title of the RFC 9457 problem document. */
  readonly title: string;
  readonly log: LogLevel;
}

/**
 * The closed set of error codes and the one table from code to HTTP status and log level.
 * The codes are part of the public contract: they appear as `code` in problem documents and in
 * `_meta["gatehouse/error"]` of tool results.
 */
export const ERROR_CODES = {
  unauthenticated: { http: 401, title: 'Authentication required', log: 'silent' },
  forbidden: { http: 403, title: 'Forbidden', log: 'silent' },
  forbidden_route: { http: 403, title: 'This key may not use this route', log: 'silent' },
  forbidden_scope: { http: 403, title: 'The requested scope is not available', log: 'silent' },
  forbidden_origin: { http: 403, title: 'Origin not allowed', log: 'info' },
  misdirected_host: { http: 421, title: 'Host not allowed', log: 'info' },
  not_found: { http: 404, title: 'Not found', log: 'silent' },
  method_not_allowed: { http: 405, title: 'Method not allowed', log: 'silent' },
  invalid_request: { http: 400, title: 'The request is not valid', log: 'silent' },
  unknown_field: { http: 400, title: 'Unknown field', log: 'silent' },
  forbidden_field: { http: 400, title: 'A field that the caller may not set', log: 'silent' },
  malformed_json: { http: 400, title: 'The body is not JSON', log: 'silent' },
  conflict: { http: 409, title: 'Conflict', log: 'silent' },
  payload_too_large: { http: 413, title: 'The body is too large', log: 'silent' },
  unsupported_media_type: { http: 415, title: 'Unsupported media type', log: 'silent' },
  unknown_tool: { http: 403, title: 'Unknown tool', log: 'silent' },
  unknown_prompt: { http: 403, title: 'Unknown prompt', log: 'silent' },
  unknown_resource: { http: 403, title: 'Unknown resource', log: 'silent' },
  no_tools_resolved: { http: 400, title: 'No tools were found', log: 'silent' },
  invalid_request_state: { http: 400, title: 'The requestState is not known or has expired', log: 'silent' },
  invalid_arguments: { http: 400, title: 'The arguments are not allowed', log: 'silent' },
  guardrail_denied: { http: 400, title: 'Blocked by a guardrail', log: 'silent' },
  approval_required: { http: 403, title: 'A person has to approve this call', log: 'silent' },
  guardrail_unavailable: { http: 503, title: 'A guardrail is not available', log: 'error' },
  hook_headers_unsupported: { http: 400, title: 'This upstream cannot carry hook headers', log: 'warn' },
  user_credential_missing: { http: 412, title: 'A user credential is missing', log: 'silent' },
  upstream_unavailable: { http: 502, title: 'The upstream is not available', log: 'warn' },
  upstream_timeout: { http: 504, title: 'The upstream did not answer in time', log: 'warn' },
  upstream_protocol_error: { http: 502, title: 'The upstream broke the protocol', log: 'warn' },
  upstream_auth_required: { http: 502, title: 'The upstream refused the stored credential', log: 'warn' },
  result_too_large: { http: 502, title: 'The result is too large', log: 'warn' },
  call_cancelled: { http: 499, title: 'The caller cancelled the call', log: 'silent' },
  rate_limited: { http: 429, title: 'Too many requests', log: 'silent' },
  budget_exceeded: { http: 429, title: 'The budget is used up', log: 'silent' },
  dependency_unavailable: { http: 503, title: 'A dependency is not available', log: 'error' },
  gateway_shutdown: { http: 503, title: 'The gateway is shutting down', log: 'silent' },
  internal_error: { http: 500, title: 'Internal error', log: 'error' },
} as const satisfies Record<string, ErrorCodeRow>;

/** One of the documented error codes. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Codes that end a call or request without a result: every door answers them in its own form. */
export const ANSWERED_BY_THE_DOOR: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'call_cancelled',
  'forbidden_scope',
  'forbidden_route',
]);

import { ERROR_CODES } from '../common/error-codes.js';
import { asGatehouseError } from '../common/gatehouse-error.js';

/** Codes of RFC 6749 and RFC 7591 that these routes use. */
export type OAuthRefusalCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_redirect_uri'
  | 'unsupported_grant_type'
  | 'server_error';

/** An error that OAuth clients read: answered in the form of RFC 6749. */
export class OAuthRefusal extends Error {
  constructor(
    readonly code: OAuthRefusalCode,
    readonly description: string,
    readonly status = 400,
  ) {
    super(description);
  }
}

/** What an OAuth client is told of anything thrown. */
export function asOAuthRefusal(thrown: unknown): OAuthRefusal {
  if (thrown instanceof OAuthRefusal) return thrown;
  const { code, publicMessage } = asGatehouseError(thrown, 'The gateway could not do this.');
  const status = ERROR_CODES[code].http;
  return new OAuthRefusal(status >= 500 ? 'server_error' : 'invalid_request', publicMessage, status);
}

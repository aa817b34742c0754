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

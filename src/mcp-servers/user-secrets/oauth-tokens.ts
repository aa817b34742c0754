/** How tokens were got: what it takes to refresh and to revoke them. */
export interface OAuthGrant {
  /** Authorization server. Its tokens are never shown to another one. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** null: it revokes nothing. */
  readonly revocationEndpoint: string | null;
  /** How clients may authenticate at the token endpoint; empty: not said. */
  readonly authMethods: readonly string[];
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly clientAuthMethod: string | null;
  /** RFC 8707; null: the server does not name one. */
  readonly resource: string | null;
  /** As the user was asked for it. */
  readonly requestedScope: string | null;
}

/** Tokens that an upstream gave a user. */
export interface OAuthTokens {
  readonly access_token: string;
  readonly refresh_token: string | null;
  readonly scopes: readonly string[] | null;
  /** null: the user brought the tokens, so the gateway cannot refresh them. Missing: as null. */
  readonly grant?: OAuthGrant | null;
}

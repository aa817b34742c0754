import type { Configuration, errors as providerErrors, interactionPolicy, KoaContextWithOIDC } from 'oidc-provider';
import { OwnIssuer } from '../auth/jwt/own-issuer.js';
import { isResourcePath } from '../auth/resource-path.js';
import type { AuthorizationServerConfig } from '../config/authorization-server.js';
import type { OutboundClient } from '../outbound/outbound-client.js';
import type { SigningKey } from '../signing/key-material.js';
import type { Accounts } from './accounts.js';
import { applyClientRules } from './client-rules.js';
import { digestOf } from './login-records.js';
import { outboundFetch } from '../outbound/outbound-fetch.js';
import { loginPage, sendPage } from './pages.js';
import { ProviderAdapter, type AdapterParts } from './provider-adapter.js';

/** Time for a login, and for the redemption of its code. */
const LOGIN_SECONDS = 600;
const CODE_SECONDS = 60;
const RESPONSE_TYPES = ['code'] as const;

/** What the authorization server is made of. */
export interface ProviderParts extends Omit<AdapterParts, 'InvalidGrant'> {
  readonly settings: AuthorizationServerConfig;
  readonly key: SigningKey;
  /** Base of the gateway's URLs. */
  readonly base: string;
  /** Audience of the access tokens. */
  readonly audience: string;
  readonly accounts: Accounts;
  readonly outbound: OutboundClient;
  /** May one more metadata document be fetched for a request from this address? */
  readonly mayFetch: (source: string) => Promise<boolean>;
  readonly errors: typeof providerErrors;
  readonly interactionPolicy: typeof interactionPolicy;
}

/** Settings of the library: what MCP clients need, and nothing else. */
export function providerSettings(parts: ProviderParts): Configuration {
  const { key } = parts;
  const adapterParts: AdapterParts = { ...parts, InvalidGrant: parts.errors.InvalidGrant };
  return {
    adapter: (model) => new ProviderAdapter(model, adapterParts),
    jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: key.algorithm, use: 'sig' }] },
    responseTypes: [...RESPONSE_TYPES],
    scopes: ['openid', 'offline_access', OwnIssuer.SCOPE],
    routes: { authorization: '/authorize', token: '/token', registration: '/register', revocation: '/revoke' },
    cookies: { names: { session: 'gatehouse_session', interaction: 'gatehouse_login', resume: 'gatehouse_resume' } },
    interactions: { policy: policyOf(parts), url: (_ctx, { uid }) => `${parts.base}/oauth/login/${uid}` },
    fetch: outboundFetch(parts.outbound),
    renderError: (ctx, { error_description: description }) => renderError(ctx, description),
    ...clientSettings(parts),
    ...tokenSettings(parts),
    features: featuresOf(parts),
    ttl: lifetimes(parts),
  };
}

/** What is asked of clients. */
function clientSettings({ key, errors }: ProviderParts): Configuration {
  const rules = { InvalidClientMetadata: errors.InvalidClientMetadata, algorithm: key.algorithm };
  return {
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: {
      id_token_signed_response_alg: key.algorithm,
      grant_types: ['authorization_code', 'refresh_token'],
    },
    extraClientMetadata: {
      properties: ['software_id'],
      validator: (_ctx, _name, _value, metadata) => applyClientRules(metadata, rules),
    },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: (_ctx, origin, { redirectUris = [] }) =>
      redirectUris.some((uri) => URL.canParse(uri) && new URL(uri).origin === origin),
  };
}

function lifetimes({ settings }: ProviderParts): Configuration['ttl'] {
  return {
    AccessToken: settings.accessTokenSeconds,
    AuthorizationCode: CODE_SECONDS,
    Grant: settings.loginSeconds,
    IdToken: settings.accessTokenSeconds,
    Interaction: LOGIN_SECONDS,
    RefreshToken: settings.loginSeconds,
    Session: LOGIN_SECONDS,
  };
}

/** Tokens say who the user is, and end with the user's rights. */
function tokenSettings({ accounts }: ProviderParts): Configuration {
  return {
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => true,
    expiresWithSession: async () => false,
    loadExistingGrant: async ({ oidc }) => {
      const grantId = oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId);
    },
    findAccount: async (_ctx, id) => {
      const account = await accounts.find(id);
      return account === null ? undefined : { accountId: id, claims: async () => ({ sub: id }) };
    },
    extraTokenClaims: async (_ctx, token) => {
      if (!('accountId' in token) || token.grantId === undefined) return undefined;
      const account = await accounts.find(token.accountId);
      return { ...account?.claims, grant_id: digestOf(token.grantId) };
    },
  };
}

function featuresOf({ settings, key, base, audience, errors, mayFetch }: ProviderParts): Configuration['features'] {
  const off = { enabled: false };
  return {
    ...{ devInteractions: off, dPoP: off, userinfo: off, rpInitiatedLogout: off, pushedAuthorizationRequests: off },
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
    registration: { enabled: true, issueRegistrationAccessToken: false },
    clientIdMetadataDocument: {
      enabled: true,
      ack: 'draft-02',
      // Without a request it is a login page that shows a client, whose authorization has been let through before.
      allowFetch: async (ctx: KoaContextWithOIDC | undefined) => ctx === undefined || mayFetch(ctx.ip),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: async (_ctx, _client, oneOf) => oneOf ?? audience,
      getResourceServerInfo: async (_ctx, resource) => {
        if (!isOwnResource(resource, base)) throw new errors.InvalidTarget('this is no resource of this gateway');
        return {
          ...{ scope: OwnIssuer.SCOPE, audience, accessTokenFormat: 'jwt' as const },
          ...{ accessTokenTTL: settings.accessTokenSeconds, jwt: { sign: { alg: key.algorithm } } },
        };
      },
    },
  };
}

/** Every authorization has its own login and its own consent: nothing is approved because something was approved. */
function policyOf({ interactionPolicy: { base, Check } }: ProviderParts): interactionPolicy.DefaultPolicy {
  const policy = base();
  const isMissing = (what: 'login' | 'consent') => (ctx: KoaContextWithOIDC) => ctx.oidc.result?.[what] === undefined;
  policy.get('login')?.checks.add(new Check('each_time', 'the user has to log in', isMissing('login')));
  policy.get('consent')?.checks.add(new Check('each_time', 'the user has to agree', isMissing('consent')));
  return policy;
}

/** Is this the gateway as a whole, or one of its doors? */
function isOwnResource(resource: string, base: string): boolean {
  const url = resource.replace(/\/$/, '');
  return url.startsWith(base) && isResourcePath(url.slice(base.length));
}

/** Faults that are not sent back to a client, because it is not known or its address is not one of its own. */
function renderError(ctx: KoaContextWithOIDC, description: unknown): void {
  const reason = typeof description === 'string' ? description : 'the request cannot be used';
  const text = `The MCP client's request was refused: ${reason}. Nothing was granted. Start again from the client.`;
  const { body, headers } = sendPage(loginPage({ title: 'This login cannot go on', text }));
  ctx.set(headers);
  ctx.type = 'html';
  ctx.body = body;
}

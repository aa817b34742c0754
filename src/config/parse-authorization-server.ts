import { Secret } from '../common/secret.js';
import type { AuthorizationServerConfig, IdentityProvider } from './authorization-server.js';
import type { OutboundAllowEntry } from './config.js';
import { InvalidValue } from './configuration-error.js';
import { issuerUrlParser } from './parse-network.js';
import type { YamlSetting } from './yaml-setting.js';

const KEYS = ['login', 'identity_provider', 'access_token_seconds', 'login_days'] as const;
const PROVIDER_KEYS = ['issuer', 'client_id', 'client_secret', 'scopes', 'claims'] as const;
const CLAIM_KEYS = ['user_id', 'team_id', 'organization_id', 'customer_id'] as const;
const LOGINS = ['identity_provider', 'virtual_key'] as const;

const DEFAULT_ACCESS_TOKEN_SECONDS = 600;
const DEFAULT_LOGIN_DAYS = 30;
const SECONDS_OF_DAY = 86_400;

/**
 * Reads `general_settings.authorization_server`; null: there is none, or it is at fault. Faults are gathered by the
 * setting.
 * @param outboundAllow hosts that may be spoken to without TLS
 */
export function parseAuthorizationServer(
  setting: YamlSetting,
  outboundAllow: readonly OutboundAllowEntry[],
): AuthorizationServerConfig | null {
  if (setting.isMissing) return null;
  const members = setting.members(KEYS);
  const login = members.login.isMissing ? members.login.fault('is missing') : members.login.parsed(parseLogin);
  const accessTokenSeconds = members.access_token_seconds.wholeNumber(60, 3600) ?? DEFAULT_ACCESS_TOKEN_SECONDS;
  const loginSeconds = (members.login_days.wholeNumber(1, 365) ?? DEFAULT_LOGIN_DAYS) * SECONDS_OF_DAY;
  const whole = (identityProvider: IdentityProvider | null): AuthorizationServerConfig =>
    Object.freeze({ identityProvider, accessTokenSeconds, loginSeconds });
  const { identity_provider: provider } = members;
  if (login === null) return null;
  if (login === 'virtual_key') {
    return provider.isMissing ? whole(null) : provider.fault('has no use with login: virtual_key');
  }
  if (provider.isMissing) return provider.fault('is missing');
  const identityProvider = parseProvider(provider, outboundAllow);
  return identityProvider === null ? null : whole(identityProvider);
}

function parseLogin(text: string): (typeof LOGINS)[number] {
  const login = LOGINS.find((known) => known === text);
  if (login !== undefined) return login;
  throw new InvalidValue(`must be ${LOGINS.join(' or ')}`);
}

function parseProvider(setting: YamlSetting, outboundAllow: readonly OutboundAllowEntry[]): IdentityProvider | null {
  const { issuer, client_id, client_secret, scopes, claims } = setting.members(PROVIDER_KEYS);
  // As it is written: the provider's documents have to repeat it character by character.
  const url = issuer.isMissing ? issuer.fault('is missing') : issuer.parsed(parseIssuer(outboundAllow));
  const clientId = client_id.requiredText();
  const secret = client_secret.text();
  const asked = scopes.texts() ?? [];
  const paths = claims.members(CLAIM_KEYS);
  if (url === null || clientId === null) return null;
  return Object.freeze<IdentityProvider>({
    issuer: url,
    clientId,
    clientSecret: secret === null ? null : new Secret(secret),
    scopes: Object.freeze([...new Set(['openid', ...asked])]),
    claims: Object.freeze({
      userId: paths.user_id.text() ?? 'sub',
      teamId: paths.team_id.text(),
      organizationId: paths.organization_id.text(),
      customerId: paths.customer_id.text(),
    }),
  });
}

function parseIssuer(outboundAllow: readonly OutboundAllowEntry[]): (text: string) => string {
  const check = issuerUrlParser(outboundAllow);
  return (text) => {
    check(text);
    return text;
  };
}

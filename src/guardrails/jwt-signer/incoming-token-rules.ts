import type { OutboundAllowEntry } from '../../config/config.js';
import { issuerUrlParser } from '../../config/parse-network.js';
import type { IncomingTokenRules } from './incoming-tokens.js';
import type { JwtSignerSettings } from './jwt-signer.settings.js';
import type { IntrospectionClient } from './token-introspection.js';

/**
 * How incoming tokens are verified, by the settings.
 * @throws Error that names the setting that is wrong
 */
export function incomingTokenRules(
  settings: JwtSignerSettings,
  outboundAllow: readonly OutboundAllowEntry[],
): IncomingTokenRules {
  const urlOf = (name: 'access_token_discovery_uri' | 'token_introspection_endpoint'): string | null => {
    const text = settings[name];
    if (text === undefined) return null;
    try {
      return issuerUrlParser(outboundAllow)(text);
    } catch (error) {
      throw new Error(`${name} ${error instanceof Error ? error.message : 'is not a URL'}`, { cause: error });
    }
  };
  const introspection = urlOf('token_introspection_endpoint');
  return {
    discoveryUrl: urlOf('access_token_discovery_uri'),
    introspection: introspection === null ? null : { url: introspection, credential: credentialOf(settings) },
    issuer: settings.verify_issuer ?? null,
    audience: settings.verify_audience ?? null,
  };
}

function credentialOf({
  introspection_client_id: id,
  introspection_client_secret: secret,
}: JwtSignerSettings): IntrospectionClient['credential'] {
  if (id === undefined && secret === undefined) return null;
  if (id === undefined || secret === undefined) {
    throw new Error('introspection_client_id and introspection_client_secret go together');
  }
  return { id, secret };
}

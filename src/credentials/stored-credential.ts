import type { AuthType, McpServer } from '../mcp-servers/mcp-server.js';
import {
  OWN_CREDENTIAL,
  type CredentialInjector,
  type HeaderMap,
  type InjectedCredential,
} from './upstream-credential.js';

/** A scheme word that was pasted together with a bearer token. Tokens hold no blanks, so the word is not part of one. */
const PASTED_SCHEME = /^[A-Za-z][A-Za-z-]*\s+/;

type Format = (value: string) => HeaderMap;

/** How an auth type sends one stored value. */
const FORMATS = {
  none: () => ({}),
  api_key: (value) => ({ 'x-api-key': value }),
  bearer_token: (value) => ({ authorization: `Bearer ${value.trim().replace(PASTED_SCHEME, '')}` }),
  basic: (value) => ({ authorization: `Basic ${Buffer.from(value, 'utf8').toString('base64')}` }),
  authorization: (value) => ({ authorization: value }),
  token: (value) => ({ authorization: `token ${value}` }),
} as const satisfies Partial<Record<AuthType, Format>>;

/** Auth types that send one value as it is stored. */
export type ValueAuthType = keyof typeof FORMATS;

/** Headers that carry a value under an auth type. */
export function valueHeaders(
  { authType, specPath }: Pick<McpServer, 'authType' | 'specPath'>,
  value: string,
): HeaderMap {
  if (value === '') return {};
  // As LiteLLM sends the key of an API.
  const describesApi = specPath !== null && specPath !== undefined;
  if (describesApi && authType === 'api_key') return { authorization: `ApiKey ${value}` };
  return isValueAuthType(authType) ? FORMATS[authType](value) : {};
}

/** Does this auth type send one value, which may be that of the server or an own key of a user? */
export function isValueAuthType(authType: AuthType): authType is ValueAuthType {
  return Object.hasOwn(FORMATS, authType);
}

/** The value that the admin stored for the server. */
export const STORED_CREDENTIAL: CredentialInjector = {
  credentialFor: (server): InjectedCredential => {
    let credential = made.get(server);
    if (credential === undefined) {
      const headers = Object.freeze(valueHeaders(server, server.credentials?.reveal().auth_value ?? ''));
      credential = Object.freeze({ identity: OWN_CREDENTIAL, headers });
      made.set(server, credential);
    }
    return credential;
  },
};

const made = new WeakMap<McpServer, InjectedCredential>();

import type { AuthType, McpServer } from '../mcp-servers/mcp-server.js';

/** Header names in lower case. */
type Headers = Readonly<Record<string, string>>;

/** A scheme word that was pasted together with a bearer token. Tokens hold no blanks, so the word is not part of one. */
const PASTED_SCHEME = /^[A-Za-z][A-Za-z-]*\s+/;

/** How each auth type sends the stored value. */
const CREDENTIAL_HEADERS: Record<AuthType, (value: string) => Headers> = {
  none: () => ({}),
  api_key: (value) => ({ 'x-api-key': value }),
  bearer_token: (value) => ({ authorization: `Bearer ${value.trim().replace(PASTED_SCHEME, '')}` }),
  basic: (value) => ({ authorization: `Basic ${Buffer.from(value, 'utf8').toString('base64')}` }),
  authorization: (value) => ({ authorization: value }),
  token: (value) => ({ authorization: `token ${value}` }),
};

/** Headers that carry the stored credential of a server; empty when it has none. */
export function credentialHeaders(server: Pick<McpServer, 'authType' | 'credentials' | 'specPath'>): Headers {
  const value = server.credentials?.reveal().auth_value;
  if (value === undefined || value === '') return {};
  // As LiteLLM sends the key of an API.
  const describesApi = server.specPath !== null && server.specPath !== undefined;
  if (describesApi && server.authType === 'api_key') return { authorization: `ApiKey ${value}` };
  return CREDENTIAL_HEADERS[server.authType](value);
}

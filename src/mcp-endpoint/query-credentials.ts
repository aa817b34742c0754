const CREDENTIAL_NAMES: ReadonlySet<string> = new Set([
  'access_token',
  'api-key',
  'api_key',
  'apikey',
  'authorization',
  'key',
  'master_key',
  'token',
  'x-api-key',
  'x-gatehouse-api-key',
  'x-litellm-api-key',
]);
const CREDENTIAL_VALUE = /^(?:bearer\s|sk-)/i;

/** True when a query string seems to carry a credential: queries end up in logs and histories. */
export function carriesCredential(query: string): boolean {
  for (const [name, value] of new URLSearchParams(query)) {
    if (CREDENTIAL_NAMES.has(name.toLowerCase()) || CREDENTIAL_VALUE.test(value)) return true;
  }
  return false;
}

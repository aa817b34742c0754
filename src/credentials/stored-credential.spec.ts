import { describe, expect, it } from '@jest/globals';
import { aServer } from '../../test/fixtures/upstreams/upstream-factories.js';
import { Secret } from '../common/secret.js';
import { AUTH_TYPES, type AuthType } from '../mcp-servers/mcp-server.js';
import { STORED_CREDENTIAL, valueHeaders } from './stored-credential.js';

const sent = (authType: AuthType, value: string) => valueHeaders({ authType }, value);

describe('a stored value', () => {
  it.each<[AuthType, string, Record<string, string>]>([
    ['none', 'v', {}],
    ['api_key', 'v', { 'x-api-key': 'v' }],
    ['bearer_token', 'v', { authorization: 'Bearer v' }],
    ['bearer_token', 'Bearer v', { authorization: 'Bearer v' }],
    ['bearer_token', 'bearer   v', { authorization: 'Bearer v' }],
    ['basic', 'user:pässword', { authorization: 'Basic dXNlcjpww6Rzc3dvcmQ=' }],
    ['authorization', 'Custom abc', { authorization: 'Custom abc' }],
    ['token', 'v', { authorization: 'token v' }],
  ])('sends %s %j', (authType, value, headers) => {
    expect(sent(authType, value)).toEqual(headers);
  });

  it.each<[AuthType, Record<string, string>]>([
    ['api_key', { authorization: 'ApiKey v' }],
    ['bearer_token', { authorization: 'Bearer v' }],
  ])('sends %s to an API that a document describes', (authType, headers) => {
    const server = { authType, specPath: new Secret('https://a/') };
    expect(valueHeaders(server, 'v')).toEqual(headers);
  });

  it.each(AUTH_TYPES)('sends nothing for %s when there is none', (authType) => {
    for (const credentials of [null, new Secret({})]) {
      const server = aServer({ authType, credentials });
      expect(STORED_CREDENTIAL.credentialFor(server, null)).toEqual({ identity: '', headers: {} });
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import { AUTH_TYPES, type AuthType } from '../mcp-servers/mcp-server.js';
import { credentialHeaders } from './credential-headers.js';

const sent = (authType: AuthType, value: string) =>
  credentialHeaders({ authType, credentials: new Secret({ auth_value: value }) });

describe('credentialHeaders', () => {
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
    const server = { authType, credentials: new Secret({ auth_value: 'v' }), specPath: new Secret('https://a/') };
    expect(credentialHeaders(server)).toEqual(headers);
  });

  it.each(AUTH_TYPES)('sends nothing for %s without a stored value', (authType) => {
    expect(credentialHeaders({ authType, credentials: null })).toEqual({});
    expect(credentialHeaders({ authType, credentials: new Secret({}) })).toEqual({});
  });
});

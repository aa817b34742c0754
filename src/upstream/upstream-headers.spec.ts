import { describe, expect, it } from '@jest/globals';
import { aServer, credentialOf } from '../../test/fixtures/upstreams/upstream-factories.js';
import { Secret } from '../common/secret.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { callHeaders as headersOf, ownHeaders, type HeaderMap } from './upstream-headers.js';

const callHeaders = (server: McpServer, caller: HeaderMap, hooks: HeaderMap | null) =>
  headersOf(server, credentialOf(server), caller, hooks);
const serverHeaders = (server: McpServer) => ownHeaders(server, credentialOf(server));

const withCredential = { authType: 'bearer_token', credentials: new Secret({ auth_value: 'stored' }) } as const;

describe('headers towards an upstream', () => {
  it('go from low to high: credential, forwarded, static, hooks', () => {
    const server = aServer({
      authType: 'api_key',
      credentials: new Secret({ auth_value: 'credential' }),
      extraHeaders: ['x-api-key', 'x-b', 'x-c', 'x-d'],
      staticHeaders: new Secret({ 'X-C': 'static', 'X-D': 'static' }),
    });
    const caller = { 'x-api-key': 'caller', 'x-b': 'caller', 'x-c': 'caller', 'x-d': 'caller', 'x-e': 'caller' };
    expect(callHeaders(server, caller, { 'x-d': 'hook' })).toEqual({
      'user-agent': expect.stringMatching(/^gatehouse\//),
      'x-api-key': 'caller',
      'x-b': 'caller',
      'x-c': 'static',
      'x-d': 'hook',
    });
  });

  it('forward nothing that the server does not name', () => {
    const headers = callHeaders(aServer({ extraHeaders: ['x-a'] }), { 'x-b': 'caller', cookie: 'c' }, null);
    expect(Object.keys(headers)).toEqual(['user-agent']);
  });

  it.each(['authorization', 'cookie', 'x-forwarded-for', 'X_Forwarded_For', 'forwarded', 'x-real-ip'])(
    'never take %s from a caller, even if the server names it',
    (name) => {
      const server = aServer({ ...withCredential, extraHeaders: [name.toLowerCase()] });
      expect(callHeaders(server, { [name.toLowerCase()]: 'caller' }, null)).toEqual({
        'user-agent': expect.any(String),
        authorization: 'Bearer stored',
      });
    },
  );

  it('let static headers and hooks set authorization', () => {
    const server = aServer({ ...withCredential, staticHeaders: new Secret({ Authorization: 'static' }) });
    expect(serverHeaders(server)).toMatchObject({ authorization: 'static' });
    expect(callHeaders(server, {}, { authorization: 'hook' })).toMatchObject({ authorization: 'hook' });
  });

  it.each([
    'host',
    'connection',
    'content-length',
    'transfer-encoding',
    'content-type',
    'accept',
    'te',
    'upgrade',
    'mcp-session-id',
    'mcp_session_id',
    'mcp-param-region',
    'x-gatehouse-user',
    'x-litellm-api-key',
  ])('never take %s from anybody', (name) => {
    const server = aServer({ extraHeaders: [name], staticHeaders: new Secret({ [name.toUpperCase()]: 'static' }) });
    const headers = callHeaders(server, { [name]: 'caller' }, { [name]: 'hook' });
    expect(Object.keys(headers)).toEqual(['user-agent']);
  });

  it('do not forward what the caller nominated as hop-by-hop', () => {
    const server = aServer({ extraHeaders: ['x-a', 'x-b'] });
    const caller = { connection: 'close, X-A', 'x-a': 'caller', 'x-b': 'caller' };
    expect(callHeaders(server, caller, null)).toEqual({ 'user-agent': expect.any(String), 'x-b': 'caller' });
  });

  it('are made once per server when a call adds nothing', () => {
    const server = aServer(withCredential);
    expect(callHeaders(server, { 'x-a': 'caller' }, null)).toBe(serverHeaders(server));
  });
});

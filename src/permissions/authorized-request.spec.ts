import { describe, expect, it } from '@jest/globals';
import { mcpServer, principalWith } from '../../test/permissions/policy-fixtures.js';
import type { GrantedAccess, ServerAccess } from './access-decision.js';
import { authorizeRequest, AuthorizedRequest, type ServerMethod } from './authorized-request.js';

const alpha = mcpServer({ id: 'id-alpha' });
const beta = mcpServer({ id: 'id-beta' });
const principal = principalWith([]);
const parts = { principal, method: 'prompts/get', params: { name: 'ask' } } as const;

const accessOf = (server: typeof alpha): ServerAccess => ({
  ...{ server, rules: [] },
  allowsTool: () => false,
  spellingsOf: () => [],
});

function granted(single: ServerAccess | null = null): GrantedAccess {
  const servers = new Map([alpha, beta].map((server) => [server.id, accessOf(server)]));
  return { granted: true, caller: { principal: principalWith([]), headers: {} }, servers, single, virtual: null };
}

describe('the permission of a request that is no tool call', () => {
  it('is given for a server of the grant, whatever tools of it are granted', () => {
    expect(authorizeRequest(granted(), 'id-alpha', parts)).toMatchObject({ ...parts, server: alpha });
  });

  it.each([
    ['is not in the grant', granted(), 'id-gamma'],
    ['is not the one of the door', granted(accessOf(alpha)), 'id-beta'],
  ])('is refused for a server that %s', (_case, access, id) => {
    expect(() => authorizeRequest(access, id, parts)).toThrow(
      expect.objectContaining({ code: 'forbidden_scope', sent: 'no' }),
    );
  });

  it('is refused for a tool call, and for anything else that is not of its kind', () => {
    for (const method of ['tools/call', 'resources/unsubscribe', 'initialize']) {
      const disguised = { ...parts, method: method as ServerMethod };
      expect(() => authorizeRequest(granted(), 'id-alpha', disguised)).toThrow(
        expect.objectContaining({ code: 'internal_error' }),
      );
    }
  });

  it('cannot be made by anybody else', () => {
    const make = AuthorizedRequest.make as unknown as (...args: unknown[]) => unknown;
    expect(() => make(Symbol('authorized-request'), alpha, parts)).toThrow(TypeError);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { HookPrincipal } from '../../hooks/hook.types.js';
import { debugHeader } from './debug-header.js';
import { JwtSignerSettings } from './jwt-signer.settings.js';
import { claimsFor, scopeOfCall, type TokenFacts } from './token-claims.js';

const PRINCIPAL: HookPrincipal = {
  ...{ userId: null, teamId: null, organizationId: null, customerId: null, keyHash: null, keyAlias: null },
  ...{ agentId: null, roles: [], jwtClaims: null },
};

function claims(settings: Partial<JwtSignerSettings> = {}, facts: Partial<TokenFacts> = {}) {
  return claimsFor(Object.assign(new JwtSignerSettings(), settings), {
    ...{ issuer: 'https://gateway.example', audience: 'mcp', ttlSeconds: 60, now: 1000, tokenId: 'id' },
    ...{ scope: 'mcp:tools/call', principal: PRINCIPAL, userEmail: null, incoming: null },
    ...facts,
  });
}

const as = (fields: Partial<HookPrincipal>): Partial<TokenFacts> => ({ principal: { ...PRINCIPAL, ...fields } });

describe('the claims of a token', () => {
  it('are those of the call, and of the gateway where nobody is named', () => {
    expect(claims()).toEqual({
      ...{ iss: 'https://gateway.example', aud: 'mcp', iat: 1000, nbf: 1000, exp: 1060, jti: 'id' },
      ...{ sub: 'gatehouse', act: { sub: 'gatehouse' }, scope: 'mcp:tools/call' },
    });
  });

  it('act for the team, else the organisation, and name the customer', () => {
    const both = as({ teamId: 't', organizationId: 'o', customerId: 'c' });
    expect(claims({}, both)).toMatchObject({ act: { sub: 't' }, end_user_id: 'c' });
    expect(claims({}, as({ organizationId: 'o' }))).toMatchObject({ act: { sub: 'o' } });
  });

  it.each<[string[], string]>([
    [['token:sub'], 'from-token'],
    [['token:org.name'], 'acme'],
    [['token:absent', 'token:list', 'litellm:user_id'], 'user'],
    [['gatehouse:team_id'], 'team'],
    [['litellm:end_user_id'], 'customer'],
    [['litellm:email'], 'user@example.com'],
    [['token:constructor'], 'apikey:bf2cb58a68f684d9'],
  ])('take the subject from %j', (sources, subject) => {
    const facts = {
      ...as({ userId: 'user', teamId: 'team', customerId: 'customer', keyHash: 'f'.repeat(3) }),
      userEmail: 'user@example.com',
      incoming: { sub: 'from-token', org: { name: 'acme' }, list: ['a'] },
    };
    const { sub } = claims({ end_user_claim_sources: sources }, facts);
    if (subject.startsWith('apikey:')) expect(sub).toMatch(/^apikey:[0-9a-f]{16}$/);
    else expect(sub).toBe(subject);
  });

  it('are added where they are missing, set in any case, and removed at last', () => {
    const made = claims(
      {
        ...{
          optional_claims: ['department', 'sub', 'nothing'],
          add_claims: { iss: 'lost', tenant: 'acme', department: 'x' },
        },
        ...{ set_claims: { aud: 'set', tenant: 'set', gone: true }, remove_claims: ['gone', 'jti'] },
      },
      { incoming: { department: 'sales', sub: 'dave' } },
    );
    expect(made).toMatchObject({ iss: 'https://gateway.example', aud: 'set', tenant: 'set', department: 'sales' });
    expect(made).not.toHaveProperty('gone');
    expect(made).not.toHaveProperty('jti');
    expect(made).not.toHaveProperty('nothing');
  });

  it('name no address that nobody verified', () => {
    const incoming = { email: 'ceo@example.com', email_verified: false };
    expect(claims({}, { incoming })).not.toHaveProperty('email');
    expect(claims({}, { incoming, userEmail: 'own@example.com' })).toMatchObject({ email: 'own@example.com' });
  });
});

describe('the scope of a call', () => {
  it('is that of one tool, whatever its name', () => {
    expect(scopeOfCall('search/v2.find-all')).toBe('mcp:tools/call mcp:tools/search/v2.find-all:call');
    expect(scopeOfCall('x:call mcp:tools/delete').split(' ')).toHaveLength(2);
    expect(scopeOfCall('x"\\%\u00e9')).toBe('mcp:tools/call mcp:tools/x%22%5C%25%C3%A9:call');
  });
});

describe('the debug header', () => {
  it('is one line of ASCII with a short scope', () => {
    const header = debugHeader('k', { sub: 'Zo\u00eb\r\nx: y', iss: 'i', exp: 5, scope: 's'.repeat(200) });
    expect(header).toBe(`v=1; kid=k; sub=Zo???x: y; iss=i; exp=5; scope=${'s'.repeat(80)}`);
  });
});

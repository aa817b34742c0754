import { describe, expect, it } from '@jest/globals';
import { knownKey, LevelsInMemory, NO_OWN_ISSUER, NOTHING_REVOKED } from '../../test/auth/auth-fixtures.js';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { CallerAuthenticator, type AuthenticationResult } from './caller-authenticator.js';
import { MAX_FAILURES, FailureLimiter } from './failure-limiter.js';
import type { KeyDirectory } from './key-directory.js';
import { JwtCallers } from './jwt/jwt-callers.js';
import { JwtVerifier } from './jwt/jwt-verifier.js';
import { MASTER_PRINCIPAL } from './key-principal.js';
import { hashKey, newKey } from './key-token.js';
import type { KnownKey } from './known-key.js';
import { PrincipalAssembler } from './principal-assembler.js';

const MASTER = 'sk-master.key/with+odd=characters-0123456789';
const SOURCE = '192.0.2.1';

interface Fixture {
  readonly authenticator: CallerAuthenticator;
  readonly key: string;
  readonly keys: Map<string, KnownKey>;
}

const known = (key: string, change: Partial<KnownKey> = {}): KnownKey =>
  knownKey(key, { guardrails: ['no-deletes'], ...change });

function fixture(change: Partial<KnownKey> = {}): Fixture {
  const key = newKey();
  const keys = new Map([[hashKey(key), known(key, change)]]);
  const directory = { find: (hash: string) => keys.get(hash) } as KeyDirectory;
  const config: Pick<Config, 'masterKey' | 'jwtIssuers' | 'unknownCustomers' | 'outboundAllow'> = {
    masterKey: new Secret(MASTER),
    jwtIssuers: [],
    unknownCustomers: 'allow',
    outboundAllow: [],
  };
  const assembler = new PrincipalAssembler(directory, new LevelsInMemory(), config);
  const verifier = new JwtVerifier(config as Config, new OutboundClient(config as Config), NO_OWN_ISSUER);
  const tokens = new JwtCallers(verifier, directory, assembler, NOTHING_REVOKED);
  const authenticator = new CallerAuthenticator(config as Config, directory, new FailureLimiter(), assembler, tokens);
  return { authenticator, key, keys };
}

/** Keys are answered at once. */
function atOnce(result: AuthenticationResult | Promise<AuthenticationResult>): AuthenticationResult {
  if (result instanceof Promise) throw new Error('the answer is a promise');
  return result;
}

const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

describe('CallerAuthenticator', () => {
  it('knows the master key', () => {
    const result = fixture().authenticator.authenticate(bearer(MASTER), SOURCE);
    expect(result).toEqual({ ok: true, principal: MASTER_PRINCIPAL, credentialHeader: 'authorization' });
  });

  it('knows a virtual key, always by the same object', () => {
    const { authenticator, key } = fixture();
    const first = atOnce(authenticator.authenticate({ 'x-litellm-api-key': key }, SOURCE));
    const second = atOnce(authenticator.authenticate(bearer(key), SOURCE));
    if (!first.ok || !second.ok) throw new Error('the key was refused');
    expect(first.credentialHeader).toBe('x-litellm-api-key');
    expect(second.principal).toBe(first.principal);
    expect(first.principal).toMatchObject({ role: 'internal_user', keyHash: hashKey(key), guardrails: ['no-deletes'] });
  });

  it('tells no difference between unknown, blocked, expired and malformed credentials', () => {
    const blocked = fixture({ blocked: true });
    const expired = fixture({ expiresAt: Date.now() - 1 });
    const results = [
      fixture().authenticator.authenticate(bearer(newKey()), SOURCE),
      blocked.authenticator.authenticate(bearer(blocked.key), SOURCE),
      expired.authenticator.authenticate(bearer(expired.key), SOURCE),
      fixture().authenticator.authenticate(bearer("sk-' or 1=1 --"), SOURCE),
      fixture().authenticator.authenticate({ authorization: 'Basic eA==' }, SOURCE),
      fixture().authenticator.authenticate({ 'x-gatehouse-api-key': '', ...bearer(MASTER) }, SOURCE),
    ];
    for (const result of results) expect(result).toEqual({ ok: false, presented: true });
  });

  it('reads the customer of a request from the first header that names one', () => {
    const { authenticator, key } = fixture();
    const names = { 'x-gatehouse-customer-id': 'c1', 'x-litellm-end-user-id': 'c2' };
    const result = atOnce(authenticator.authenticate({ ...bearer(key), ...names }, SOURCE));
    expect(result).toMatchObject({ ok: true, principal: { customerId: 'c1' } });
    const master = atOnce(authenticator.authenticate({ ...bearer(MASTER), 'x-litellm-end-user-id': 'c2' }, SOURCE));
    expect(master).toMatchObject({ ok: true, principal: { customerId: 'c2' } });
  });

  it.each(['', 'two words', 'c1, c2', 'c'.repeat(257), 'ü'])(
    'refuses the customer %j, after the credential',
    (name) => {
      const { authenticator, key } = fixture();
      const customer = { 'x-gatehouse-customer-id': name };
      const attempt = (): unknown => authenticator.authenticate({ ...bearer(key), ...customer }, SOURCE);
      expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_request' }));
      const bad = authenticator.authenticate({ ...bearer(newKey()), ...customer }, SOURCE);
      expect(bad).toEqual({ ok: false, presented: true });
    },
  );

  it('takes what looks like an access token for a bad credential when there are no issuers', () => {
    const { authenticator } = fixture();
    expect(authenticator.authenticate(bearer('eyJhbGciOiJub25lIn0.e30.AAAA'), SOURCE)).toEqual({
      ok: false,
      presented: true,
    });
  });

  it('tells a request without a credential apart', () => {
    expect(fixture().authenticator.authenticate({}, SOURCE)).toEqual({ ok: false, presented: false });
  });

  it('limits failing attempts and never a good key', async () => {
    const { authenticator, key } = fixture();
    for (let attempt = 0; attempt < MAX_FAILURES; attempt++) {
      authenticator.authenticate(bearer(newKey()), SOURCE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(authenticator.authenticate(bearer(newKey()), SOURCE)).toMatchObject({ ok: false, presented: true });
    expect(authenticator.authenticate(bearer(newKey()), SOURCE)).toHaveProperty('retryAfter');
    expect(authenticator.authenticate(bearer(key), SOURCE)).toHaveProperty('ok', true);
  });

  it('does not limit access tokens by their beginning, which all of an issuer share', async () => {
    const { authenticator } = fixture();
    const token = (name: string): string => `eyJhbGciOiJSUzI1NiJ9.e30.${name}`;
    for (let attempt = 0; attempt <= MAX_FAILURES; attempt++) {
      authenticator.authenticate(bearer(token(`other-${attempt}`)), `192.0.2.${attempt}`);
      authenticator.authenticate(bearer(token('same')), `198.51.100.${attempt}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const fresh = '203.0.113.1';
    expect(authenticator.authenticate(bearer(token('mine')), fresh)).toEqual({ ok: false, presented: true });
    expect(authenticator.authenticate(bearer(token('same')), fresh)).toHaveProperty('retryAfter');
  });

  it('says when a principal is no longer what its key stands for', () => {
    const { authenticator, key, keys } = fixture();
    const result = atOnce(authenticator.authenticate(bearer(key), SOURCE));
    if (!result.ok) throw new Error('the key was refused');
    expect(authenticator.isCurrent(result.principal)).toBe(true);
    expect(authenticator.isCurrent(MASTER_PRINCIPAL)).toBe(true);
    keys.set(hashKey(key), known(key));
    expect(authenticator.isCurrent(result.principal)).toBe(false);
    keys.delete(hashKey(key));
    expect(authenticator.isCurrent(result.principal)).toBe(false);
  });
});

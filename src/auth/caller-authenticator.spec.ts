import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { MAX_FAILURES, FailureLimiter } from './failure-limiter.js';
import type { KeyDirectory, KnownKey } from './key-directory.js';
import { MASTER_PRINCIPAL, principalOfKey } from './key-principal.js';
import { VirtualKeyEntity } from './key.entity.js';
import { hashKey, maskKey, newKey } from './key-token.js';

const MASTER = 'sk-master.key/with+odd=characters-0123456789';
const SOURCE = '192.0.2.1';

interface Fixture {
  readonly authenticator: CallerAuthenticator;
  readonly key: string;
  readonly keys: Map<string, KnownKey>;
}

function known(key: string, change: Partial<KnownKey> = {}): KnownKey {
  const row = Object.assign(new VirtualKeyEntity(), {
    token: hashKey(key),
    key_name: maskKey(key),
    key_alias: null,
    allowed_routes: [],
    object_permission: null,
    permission_closed: false,
    metadata: { guardrails: ['no-deletes', 7] },
  });
  return {
    principal: principalOfKey(row),
    blocked: false,
    expiresAt: Number.POSITIVE_INFINITY,
    revision: 1,
    ...change,
  };
}

function fixture(change: Partial<KnownKey> = {}): Fixture {
  const key = newKey();
  const keys = new Map([[hashKey(key), known(key, change)]]);
  const directory = { find: (hash: string) => keys.get(hash) } as KeyDirectory;
  const config = { masterKey: new Secret(MASTER) } as Config;
  return { authenticator: new CallerAuthenticator(config, directory, new FailureLimiter()), key, keys };
}

const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });

describe('CallerAuthenticator', () => {
  it('knows the master key', () => {
    const result = fixture().authenticator.authenticate(bearer(MASTER), SOURCE);
    expect(result).toEqual({ ok: true, principal: MASTER_PRINCIPAL, credentialHeader: 'authorization' });
  });

  it('knows a virtual key, always by the same object', () => {
    const { authenticator, key } = fixture();
    const first = authenticator.authenticate({ 'x-litellm-api-key': key }, SOURCE);
    const second = authenticator.authenticate(bearer(key), SOURCE);
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
    expect(authenticator.authenticate(bearer(key), SOURCE).ok).toBe(true);
  });

  it('says when a principal is no longer what its key stands for', () => {
    const { authenticator, key, keys } = fixture();
    const result = authenticator.authenticate(bearer(key), SOURCE);
    if (!result.ok) throw new Error('the key was refused');
    expect(authenticator.isCurrent(result.principal)).toBe(true);
    expect(authenticator.isCurrent(MASTER_PRINCIPAL)).toBe(true);
    keys.set(hashKey(key), known(key));
    expect(authenticator.isCurrent(result.principal)).toBe(false);
    keys.delete(hashKey(key));
    expect(authenticator.isCurrent(result.principal)).toBe(false);
  });
});

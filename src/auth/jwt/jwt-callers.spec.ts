import * as crypto from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  knownKey,
  knownUser,
  LevelsInMemory,
  NO_OWN_ISSUER,
  NOTHING_REVOKED,
} from '../../../test/auth/auth-fixtures.js';
import { FORGERIES, type Cast } from '../../../test/fixtures/idp/forged-tokens.js';
import { TestIssuer, type Misbehaviour } from '../../../test/fixtures/idp/test-issuer.js';
import type { Config } from '../../config/config.js';
import { JWT_ALGORITHMS, type JwtIssuer } from '../../config/jwt-issuer.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { newKey } from '../key-token.js';
import type { KnownKey } from '../known-key.js';
import { PrincipalAssembler } from '../principal-assembler.js';
import type { Principal } from '../principal.js';
import { COOLDOWN_MS, GRACE_MS, REFRESH_AFTER_MS } from './issuer-keys.js';
import { isTokenAlive, JwtCallers, TRUST_MS } from './jwt-callers.js';
import { LEEWAY_SECONDS } from './access-token.js';
import { JwtVerifier } from './jwt-verifier.js';

/** Everything but the date stays real: keys are fetched over real sockets. */
const REAL_TIMERS = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['nextTick', 'queueMicrotask', 'hrtime', 'performance'] as const),
];

let issuer: TestIssuer;
let outbound: OutboundClient;
let levels: LevelsInMemory;
let keys: Map<string, KnownKey>;

beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: [...REAL_TIMERS] });
  issuer = await TestIssuer.start('ES256');
  outbound = new OutboundClient({
    outboundAllow: [{ kind: 'cidr', cidr: '127.0.0.0/8' }] as const,
  } as Partial<Config> as Config);
  levels = new LevelsInMemory();
  levels.put('user', knownUser('alice'));
  keys = new Map();
});

afterEach(async () => {
  jest.useRealTimers();
  await issuer.close();
  await outbound.onApplicationShutdown();
});

const pass = (ms: number): void => jest.setSystemTime(Date.now() + ms);

function callersOf(...jwtIssuers: readonly JwtIssuer[]): JwtCallers {
  const directory = {
    find: (hash: string) => keys.get(hash),
    findByAlias: (alias: string) => [...keys.values()].find((key) => key.alias === alias),
  };
  const verifier = new JwtVerifier({ jwtIssuers } as Partial<Config> as Config, outbound, NO_OWN_ISSUER);
  const assembler = new PrincipalAssembler(directory, levels, { unknownCustomers: 'allow' });
  return new JwtCallers(verifier, directory, assembler, NOTHING_REVOKED);
}

function find(
  callers: JwtCallers,
  token: string,
  customerId: string | null = null,
): Principal | null | Promise<Principal | null> {
  return callers.find(token, crypto.hash('sha256', token, 'hex'), customerId);
}

async function accepted(callers: JwtCallers, token: string, customerId: string | null = null): Promise<Principal> {
  const principal = await find(callers, token, customerId);
  if (principal === null) throw new Error('the token was refused');
  return principal;
}

describe('good tokens', () => {
  it.each(JWT_ALGORITHMS)('are accepted when signed with %s', async (alg) => {
    const key = await issuer.addKey('k2', alg);
    const callers = callersOf(issuer.settings({ algorithms: [alg] }));
    const principal = await accepted(callers, await issuer.token({}, { key }));
    expect(principal).toMatchObject({ kind: 'jwt', userId: 'alice', role: 'internal_user', levelMissing: false });
    expect(principal.jwtClaims).toMatchObject({ iss: issuer.issuer, sub: 'alice' });
  });

  it.each([undefined, 'JWT', 'at+jwt', 'application/at+jwt'])('may have the type %s', async (typ) => {
    await accepted(callersOf(issuer.settings()), await issuer.token({}, { header: { typ } }));
  });

  it('may leave out the key id when there is one key, and not when there are two', async () => {
    const token = await issuer.token({}, { header: { kid: undefined } });
    await accepted(callersOf(issuer.settings()), token);
    await issuer.addKey('k2', 'ES256');
    expect(await find(callersOf(issuer.settings()), token)).toBeNull();
  });

  it('are found by the key set that a discovery document names', async () => {
    const keySource = { kind: 'discovery', url: issuer.discoveryUrl } as const;
    await accepted(callersOf(issuer.settings({ keySource })), await issuer.token());
    issuer.misbehaviour = 'foreign discovery';
    expect(await find(callersOf(issuer.settings({ keySource })), await issuer.token())).toBeNull();
  });

  it('have claims that nobody can change', async () => {
    const { jwtClaims } = await accepted(callersOf(issuer.settings()), await issuer.token({ deep: { roles: ['a'] } }));
    const { deep } = jwtClaims as { deep: { roles: string[] } };
    expect(() => deep.roles.push('b')).toThrow(TypeError);
  });

  it('of different subjects have different ids, whoever issued them', async () => {
    levels.put('user', knownUser('bob'));
    const other = await TestIssuer.start('ES256');
    const callers = callersOf(issuer.settings(), other.settings());
    const tokens = [await issuer.token(), await issuer.token({ sub: 'bob' }), await other.token()];
    const ids = await Promise.all(tokens.map(async (token) => (await accepted(callers, token)).id));
    await other.close();
    expect(new Set(ids).size).toBe(3);
    expect((await accepted(callers, await issuer.token({ jti: 'another token' }))).id).toBe(ids[0]);
  });
});

describe('a bad token', () => {
  let cast: Cast;

  beforeAll(async () => {
    cast = {
      issuer: await TestIssuer.start(),
      other: await TestIssuer.start('ES256'),
      attacker: await TestIssuer.start(),
    };
  });
  afterAll(() => Promise.all([cast.issuer.close(), cast.other.close(), cast.attacker.close()]));

  it.each(Object.entries(FORGERIES))('is refused: %s', async (_, forge) => {
    const callers = callersOf(cast.issuer.settings(), cast.other.settings());
    await accepted(callers, await cast.issuer.token());
    await accepted(callers, await cast.other.token());
    expect(await find(callers, await forge(cast))).toBeNull();
    expect(cast.attacker.requests).toEqual([]);
  });
});

describe('a verified token', () => {
  it('is remembered: no promise, no fetch, the same caller', async () => {
    const callers = callersOf(issuer.settings());
    const token = await issuer.token();
    const first = await accepted(callers, token);
    expect(find(callers, token)).toBe(first);
    expect(issuer.jwksCount).toBe(1);
  });

  it('is verified once for requests that come together', async () => {
    const callers = callersOf(issuer.settings());
    const token = await issuer.token();
    const found = await Promise.all([find(callers, token), find(callers, token), find(callers, token)]);
    expect(new Set(found).size).toBe(1);
    expect(found[0]).not.toBeNull();
  });

  it('ends with its expiry and the leeway, not with what is remembered', async () => {
    const callers = callersOf(issuer.settings());
    const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 10 });
    const principal = await accepted(callers, token);
    pass((10 + LEEWAY_SECONDS - 2) * 1000);
    expect(find(callers, token)).toBe(principal);
    expect(isTokenAlive(principal)).toBe(true);
    pass(3_000);
    expect(await find(callers, token)).toBeNull();
    expect(isTokenAlive(principal)).toBe(false);
  });

  it('is verified again after a while and stays the same caller', async () => {
    const callers = callersOf(issuer.settings());
    const token = await issuer.token();
    const first = await accepted(callers, token);
    pass(TRUST_MS + 1);
    const again = find(callers, token);
    expect(again).toBeInstanceOf(Promise);
    expect(await again).toBe(first);
  });

  it('does not vouch for another token with the same beginning', async () => {
    const callers = callersOf(issuer.settings());
    const token = await issuer.token();
    await accepted(callers, token);
    const last = token.at(-2) === 'A' ? 'B' : 'A';
    expect(await find(callers, `${token.slice(0, -2)}${last}${token.at(-1)}`)).toBeNull();
    expect(await find(callers, token.slice(0, -4))).toBeNull();
  });
});

describe('keys of an issuer', () => {
  it('that are new count at once, beside the old ones', async () => {
    const callers = callersOf(issuer.settings());
    const old = await issuer.token();
    await accepted(callers, old);
    const key = await issuer.addKey('k2', 'ES256');
    await accepted(callers, await issuer.token({}, { key }));
    await accepted(callers, await issuer.token({ jti: '2' }));
    expect(issuer.jwksCount).toBe(2);
  });

  it('that are removed end with the next refresh', async () => {
    const callers = callersOf(issuer.settings());
    const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 3600 });
    await accepted(callers, token);
    await issuer.addKey('k2', 'ES256');
    issuer.removeKey('k1');
    pass(REFRESH_AFTER_MS + 1);
    expect(await find(callers, token)).toBeNull();
  });

  it('are not fetched in a flood of unknown key ids', async () => {
    const callers = callersOf(issuer.settings());
    await accepted(callers, await issuer.token());
    const flood = async (round: number): Promise<void> => {
      const attempts = Array.from({ length: 20 }, async (_, index) =>
        find(callers, await issuer.token({}, { header: { kid: `${round}-${index}` } })),
      );
      expect(new Set(await Promise.all(attempts))).toEqual(new Set([null]));
    };
    await flood(1);
    await flood(2);
    expect(issuer.jwksCount).toBe(2);
    pass(COOLDOWN_MS);
    await flood(3);
    expect(issuer.jwksCount).toBe(3);
  });

  it.each<Misbehaviour>(['refuses', 'huge', 'redirects', 'html'])(
    'are used for a while when the issuer %s, and no unknown one is',
    async (misbehaviour) => {
      const callers = callersOf(issuer.settings());
      const hour = { exp: Math.floor(Date.now() / 1000) + 3600 };
      await accepted(callers, await issuer.token(hour));
      const key = await issuer.addKey('k2', 'ES256');
      issuer.misbehaviour = misbehaviour;
      pass(REFRESH_AFTER_MS + 1);
      await accepted(callers, await issuer.token({ ...hour, jti: '2' }));
      expect(await find(callers, await issuer.token(hour, { key }))).toBeNull();
      pass(GRACE_MS - REFRESH_AFTER_MS);
      expect(await find(callers, await issuer.token({ ...hour, jti: '3' }))).toBeNull();
      issuer.misbehaviour = null;
      pass(COOLDOWN_MS);
      await accepted(callers, await issuer.token({ ...hour, jti: '4' }));
    },
  );

  it('that do not arrive are not waited for long, nor by those who need none of them', async () => {
    const callers = callersOf(issuer.settings());
    await accepted(callers, await issuer.token());
    issuer.misbehaviour = 'hangs';
    pass(REFRESH_AFTER_MS + 1);
    const late = { exp: Math.floor(Date.now() / 1000) + 3600 };
    // Waits until the attempt is given up, and is accepted by the keys that are there.
    await accepted(callers, await issuer.token(late));
    pass(COOLDOWN_MS);
    const asked = issuer.asked();
    await accepted(callers, await issuer.token({ ...late, jti: '2' }));
    await asked;
    expect(issuer.jwksCount).toBe(3);
  });

  it('that were never had are asked for again only after a pause', async () => {
    issuer.misbehaviour = 'refuses';
    const callers = callersOf(issuer.settings());
    expect(await find(callers, await issuer.token())).toBeNull();
    expect(await find(callers, await issuer.token({ jti: '2' }))).toBeNull();
    expect(issuer.jwksCount).toBe(1);
  });
});

describe('what claims stand for', () => {
  const claims = {
    userId: 'sub',
    teamId: 'org.team',
    organizationId: 'https://claims.example/org',
    customerId: 'customer',
    roles: 'realm_access.roles',
    groups: 'groups',
  };
  const roleMap = { admins: 'proxy_admin', readers: 'internal_user_viewer' } as const;

  it('is read by path', async () => {
    const token = await issuer.token({
      org: { team: 't1' },
      'https://claims.example/org': 'o1',
      customer: 'c1',
      realm_access: { roles: ['readers', 'others'] },
    });
    expect(await accepted(callersOf(issuer.settings({ claims, roleMap })), token)).toMatchObject({
      ...{ userId: 'alice', teamId: 't1', organizationId: 'o1', customerId: 'c1', levelMissing: true },
    });
  });

  it.each([
    ['the mapped role', { realm_access: { roles: ['readers', 'admins'] } }, 'proxy_admin'],
    ['the mapped group', { groups: 'admins' }, 'proxy_admin'],
    ['a single lesser role', { groups: ['readers'] }, 'internal_user_viewer'],
    ['no role', {}, 'internal_user'],
    ['another claim', { role: 'proxy_admin', roles: ['admins'], user_role: 'proxy_admin' }, 'internal_user'],
    ['the name of a role', { groups: ['proxy_admin'] }, 'internal_user'],
    ['a map', { groups: { admins: true } }, 'internal_user'],
    ['a nested list', { groups: [['admins']] }, 'internal_user'],
    ['a number', { groups: 1 }, 'internal_user'],
    ['a name of the prototype', { groups: ['constructor', '__proto__'] }, 'internal_user'],
  ])('%s gives the role that is due', async (_, more, role) => {
    const callers = callersOf(issuer.settings({ claims, roleMap }));
    expect((await accepted(callers, await issuer.token(more))).role).toBe(role);
  });

  it.each([{ org: { team: ['t1'] } }, { org: { team: 7 } }, { org: { team: '' } }, { customer: 'two words' }])(
    'is nothing when a mapped claim holds no id: %j',
    async (more) => {
      expect(await find(callersOf(issuer.settings({ claims })), await issuer.token(more))).toBeNull();
    },
  );

  it('does not raise a user above the claims', async () => {
    levels.put('user', knownUser('alice', { role: 'proxy_admin' }));
    expect((await accepted(callersOf(issuer.settings()), await issuer.token())).role).toBe('internal_user');
  });

  it('is no user by an address that nobody verified', async () => {
    levels.put('user', knownUser('alice@example.com'));
    const callers = callersOf(issuer.settings({ claims: { ...claims, userId: 'email' } }));
    const address = { email: 'alice@example.com' };
    expect(await find(callers, await issuer.token(address))).toBeNull();
    expect(await find(callers, await issuer.token({ ...address, email_verified: 'true' }))).toBeNull();
    await accepted(callers, await issuer.token({ ...address, email_verified: true }));
  });

  it('names the customer before the request does', async () => {
    const callers = callersOf(issuer.settings({ claims }));
    const token = await issuer.token({ customer: 'c1' });
    expect((await accepted(callers, token, 'c2')).customerId).toBe('c1');
    expect((await accepted(callers, await issuer.token(), 'c2')).customerId).toBe('c2');
  });
});

describe('a token that stands for a virtual key', () => {
  const key = newKey();

  beforeEach(() => {
    const known = knownKey(key, { alias: 'ci', userId: 'alice', guardrails: ['no-deletes'] });
    keys.set(known.token, known);
  });

  it.each(['the alias', 'the hash'])('is its caller by %s, and keeps the claims', async (by) => {
    const callers = callersOf(issuer.settings({ virtualKeyClaim: 'gatehouse.key' }));
    const [hash = ''] = [...keys.keys()];
    const principal = await accepted(
      callers,
      await issuer.token({ gatehouse: { key: by === 'the alias' ? 'ci' : hash } }),
    );
    expect(principal).toMatchObject({ keyHash: hash, keyAlias: 'ci', guardrails: ['no-deletes'] });
    expect(principal.jwtClaims).toMatchObject({ sub: 'alice' });
  });

  it('is refused at once when the key is blocked or gone, and for one that never was', async () => {
    const callers = callersOf(issuer.settings({ virtualKeyClaim: 'key' }));
    const token = await issuer.token({ key: 'ci' });
    await accepted(callers, token);
    const blocked = knownKey(key, { alias: 'ci', blocked: true });
    keys.set(blocked.token, blocked);
    expect(find(callers, token)).toBeNull();
    keys.clear();
    expect(find(callers, token)).toBeNull();
    expect(await find(callers, await issuer.token({ key: 'other' }))).toBeNull();
  });

  it('is not the key itself', async () => {
    const callers = callersOf(issuer.settings({ virtualKeyClaim: 'key' }));
    expect(await find(callers, await issuer.token({ key }))).toBeNull();
  });
});

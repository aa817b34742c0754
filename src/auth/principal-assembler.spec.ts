import { describe, expect, it } from '@jest/globals';
import {
  grants,
  knownKey,
  knownLevel,
  knownTeam,
  knownUser,
  LevelsInMemory,
  silentLevel,
} from '../../test/auth/auth-fixtures.js';
import { MASTER_PRINCIPAL } from './key-principal.js';
import { newKey } from './key-token.js';
import type { KnownKey } from './known-key.js';
import type { StoredLevelKind } from './levels/identity-kinds.js';
import type { KnownLevels } from './levels/known-level.js';
import { PrincipalAssembler, type TokenSubject } from './principal-assembler.js';
import type { Principal } from './principal.js';

const SECRET = newKey();

class Stage {
  readonly levels = new LevelsInMemory();
  readonly keys = new Map<string, KnownKey>();
  readonly assembler: PrincipalAssembler;

  constructor(unknownCustomers: 'allow' | 'deny' = 'allow') {
    this.assembler = new PrincipalAssembler({ find: (hash) => this.keys.get(hash) }, this.levels, { unknownCustomers });
  }

  key(fields: Partial<KnownKey> = {}): KnownKey {
    const known = knownKey(SECRET, fields);
    this.keys.set(known.token, known);
    return known;
  }

  /** The caller of a key that must be usable. */
  caller(known: KnownKey, customerId: string | null = null): Principal {
    const principal = this.assembler.ofKey(known, customerId);
    if (principal === null) throw new Error('the key was refused');
    return principal;
  }
}

const kinds = (principal: Principal): string[] => principal.levels.map((level) => level.kind);

const subject = (fields: Partial<TokenSubject> = {}): TokenSubject => ({
  id: 'https://issuer.example#ada',
  userId: null,
  teamId: null,
  organizationId: null,
  customerId: null,
  role: null,
  claims: { sub: 'ada' },
  ...fields,
});

describe('PrincipalAssembler', () => {
  it('makes an ordinary caller of a key that belongs to nobody', () => {
    const stage = new Stage();
    const key = stage.key({ guardrails: ['own'] });
    expect(stage.caller(key)).toMatchObject({
      kind: 'virtual_key',
      id: key.token,
      keyHash: key.token,
      role: 'internal_user',
      guardrails: ['own'],
      levels: [key.level],
      levelMissing: false,
      jwtClaims: null,
    });
  });

  it('collects every level, the role of the user, and the guardrails of all of them', () => {
    const stage = new Stage();
    const teamLevel = silentLevel('team', 't', { objectPermission: grants({ mcp_servers: ['alpha'] }) });
    stage.levels.put('team', knownTeam('t', { level: teamLevel, guardrails: ['own', 'of-team'] }));
    stage.levels.put('user', knownUser('u', { role: 'proxy_admin', guardrails: ['of-user'] }));
    stage.levels.put('customer', knownLevel('customer', 'c', { guardrails: ['of-customer'] }));
    stage.levels.put('agent', knownLevel('agent', 'a', { guardrails: ['of-agent'] }));
    stage.levels.put('organization', knownLevel('organization', 'o', { guardrails: ['of-organization'] }));
    const key = stage.key({ userId: 'u', teamId: 't', organizationId: 'o', agentId: 'a', guardrails: ['own'] });
    const caller = stage.caller(key, 'c');
    expect(kinds(caller).toSorted()).toEqual(['agent', 'customer', 'key', 'organization', 'team', 'user']);
    expect(caller.levels[0]?.kind).toBe('key');
    expect(caller.levels).toContain(teamLevel);
    expect(caller).toMatchObject({ role: 'proxy_admin', levelMissing: false });
    const ofLevels = ['of-agent', 'of-customer', 'of-organization', 'of-team', 'of-user'];
    expect(caller.guardrails.toSorted()).toEqual([...ofLevels, 'own']);
  });

  it('takes the organisation of the team when the key names none', () => {
    const stage = new Stage();
    stage.levels.put('organization', knownLevel('organization', 'of-team'));
    stage.levels.put('organization', knownLevel('organization', 'of-key'));
    stage.levels.put('team', knownTeam('t', { organizationId: 'of-team' }));
    expect(stage.caller(stage.key({ teamId: 't' })).organizationId).toBe('of-team');
    const own = stage.caller(stage.key({ teamId: 't', organizationId: 'of-key' }));
    expect(own.organizationId).toBe('of-key');
    expect(own.levels.map(({ id }) => id)).not.toContain('of-team');
  });

  it.each<[string, Partial<KnownKey>]>([
    ['team', { teamId: 'gone' }],
    ['user', { userId: 'gone' }],
    ['agent', { agentId: 'gone' }],
    ['organisation', { organizationId: 'gone' }],
  ])('denies everything when the %s is not there', (_kind, fields) => {
    const stage = new Stage();
    expect(stage.caller(stage.key(fields)).levelMissing).toBe(true);
  });

  it('denies everything when the organisation of the team is not there', () => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t', { organizationId: 'gone' }));
    expect(stage.caller(stage.key({ teamId: 't' })).levelMissing).toBe(true);
  });

  it('denies everything under a blocked level, the rights of an admin included', () => {
    const stage = new Stage();
    stage.levels.put('user', knownUser('u', { role: 'proxy_admin', blocked: true }));
    expect(stage.caller(stage.key({ userId: 'u' }))).toMatchObject({ levelMissing: true, role: 'internal_user' });
  });

  it('hears nothing of an unknown customer, and refuses a blocked and a deleted one', () => {
    const stage = new Stage();
    const key = stage.key();
    stage.levels.put('customer', knownLevel('customer', 'blocked', { blocked: true }));
    stage.levels.put('customer', knownLevel('customer', 'deleted', { deleted: true }));
    expect(stage.caller(key, 'unknown')).toMatchObject({ levelMissing: false, customerId: 'unknown' });
    expect(kinds(stage.caller(key, 'unknown'))).toEqual(['key']);
    expect(stage.caller(key, 'blocked').levelMissing).toBe(true);
    expect(stage.caller(key, 'deleted').levelMissing).toBe(true);
    expect(stage.assembler.ofMaster('deleted')).toMatchObject({ levelMissing: true, role: 'internal_user' });
  });

  it('refuses an unknown customer where it is told to, the master key included', () => {
    const stage = new Stage('deny');
    stage.levels.put('customer', knownLevel('customer', 'registered'));
    const key = stage.key();
    expect(stage.caller(key, 'registered').levelMissing).toBe(false);
    expect(stage.caller(key).levelMissing).toBe(false);
    const unknown = stage.caller(key, 'c');
    expect(unknown.levelMissing).toBe(true);
    expect(stage.assembler.ofMaster('c')).toMatchObject({ levelMissing: true, role: 'internal_user' });
    stage.levels.put('customer', knownLevel('customer', 'c'));
    expect(stage.assembler.isCurrent(unknown)).toBe(false);
    expect(stage.caller(key, 'c').levelMissing).toBe(false);
  });

  it('refuses a key that is blocked or has expired', () => {
    const stage = new Stage();
    expect(stage.assembler.ofKey(stage.key({ blocked: true }), null)).toBeNull();
    expect(stage.assembler.ofKey(stage.key({ expiresAt: Date.now() }), null)).toBeNull();
  });
});

describe('the identity of a caller', () => {
  it('stays when something changes that it does not depend on', () => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t'));
    const key = stage.key({ teamId: 't' });
    const [first, withCustomer] = [stage.caller(key), stage.caller(key, 'c')];
    stage.levels.put('team', knownTeam('other'));
    stage.levels.putAccessGroup('group', ['alpha']);
    expect(stage.caller(key)).toBe(first);
    expect(stage.caller(key, 'c')).toBe(withCustomer);
    expect(withCustomer).not.toBe(first);
    expect(stage.assembler.isCurrent(first)).toBe(true);
    expect(stage.assembler.isCurrent(withCustomer)).toBe(true);
  });

  type Change = { [K in StoredLevelKind]: [K, KnownLevels[K]] }[StoredLevelKind];
  it.each<Change>([
    ['team', knownTeam('t', { revision: 2 })],
    ['user', knownUser('u', { revision: 2 })],
    ['agent', knownLevel('agent', 'a', { revision: 2 })],
    ['organization', knownLevel('organization', 'o', { revision: 2 })],
    ['customer', knownLevel('customer', 'c')],
  ])('ends when its %s changes', (kind, changed) => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t', { organizationId: 'o' }));
    stage.levels.put('user', knownUser('u'));
    stage.levels.put('agent', knownLevel('agent', 'a'));
    stage.levels.put('organization', knownLevel('organization', 'o'));
    const key = stage.key({ userId: 'u', teamId: 't', agentId: 'a' });
    const first = stage.caller(key, 'c');
    stage.levels.put<StoredLevelKind>(kind, changed);
    expect(stage.assembler.isCurrent(first)).toBe(false);
    expect(stage.caller(key, 'c')).not.toBe(first);
  });

  it('ends with its key', () => {
    const stage = new Stage();
    const first = stage.caller(stage.key());
    const second = stage.caller(stage.key({ revision: 2 }));
    expect(second).not.toBe(first);
    expect(stage.assembler.isCurrent(first)).toBe(false);
    expect(stage.assembler.isCurrent(second)).toBe(true);
    stage.keys.clear();
    expect(stage.assembler.isCurrent(second)).toBe(false);
  });

  it('outlives being forgotten: more customers than are remembered end no session', () => {
    const stage = new Stage();
    const key = stage.key();
    const first = stage.caller(key, 'first');
    for (let index = 0; index < 10_001; index++) stage.caller(key, `customer-${index}`);
    expect(stage.caller(key, 'first')).not.toBe(first);
    expect(stage.assembler.isCurrent(first)).toBe(true);
  });

  it('is told apart from a copy', () => {
    const stage = new Stage();
    const caller = stage.caller(stage.key());
    expect(stage.assembler.isCurrent({ ...caller })).toBe(false);
    expect(stage.assembler.isCurrent(MASTER_PRINCIPAL)).toBe(true);
  });
});

describe('the validity of a caller', () => {
  it('outlives changes that leave the caller its credential', () => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t'));
    const caller = stage.caller(stage.key({ teamId: 't' }));
    stage.key({ teamId: 't', revision: 2 });
    stage.levels.put('team', knownTeam('t', { revision: 2 }));
    expect(stage.assembler.isCurrent(caller)).toBe(false);
    expect(stage.assembler.isValid(caller)).toBe(true);
  });

  it.each<[string, (stage: Stage, key: KnownKey) => void]>([
    ['is deleted', (stage, key) => stage.keys.delete(key.token)],
    ['is blocked', (stage) => stage.key({ blocked: true })],
    ['has expired', (stage) => stage.key({ expiresAt: Date.now() })],
  ])('ends when its key %s, and so does its return', (_, end) => {
    const stage = new Stage();
    const key = stage.key();
    const caller = stage.caller(key, 'c');
    end(stage, key);
    expect(stage.assembler.isValid(caller)).toBe(false);
    expect(stage.assembler.hasUsableKey(caller)).toBe(false);
  });

  it('ends with a level, and the same key may return', () => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t'));
    const caller = stage.caller(stage.key({ teamId: 't' }), 'c');
    stage.levels.put('customer', knownLevel('customer', 'c', { blocked: true }));
    expect(stage.assembler.isValid(caller)).toBe(false);
    stage.levels.remove('customer', 'c');
    expect(stage.assembler.isValid(caller)).toBe(true);
    stage.levels.remove('team', 't');
    expect(stage.assembler.isValid(caller)).toBe(false);
    expect(stage.assembler.hasUsableKey(caller)).toBe(true);
  });

  it('does not end for the master key, and is never that of a copy', () => {
    const { assembler } = new Stage();
    expect(assembler.isValid(MASTER_PRINCIPAL)).toBe(true);
    expect(assembler.isValid(assembler.ofMaster('c'))).toBe(true);
    expect(assembler.isValid({ ...MASTER_PRINCIPAL })).toBe(false);
  });
});

describe('users who were taken out of a team', () => {
  const taken = knownTeam('t', { formerMembers: new Set(['ada']) });
  const inTeam = (userId: string | null): Principal => {
    const stage = new Stage();
    stage.levels.put('team', taken);
    stage.levels.put('user', knownUser('ada', { role: 'proxy_admin' }));
    stage.levels.put('user', knownUser('eve'));
    return stage.caller(stage.key({ userId, teamId: 't' }));
  };

  it('are denied everything in it, and administer nothing', () => {
    expect(inTeam('ada')).toMatchObject({ levelMissing: true, role: 'internal_user' });
  });

  it('are not those who never were members, nor keys of nobody', () => {
    expect(inTeam('eve').levelMissing).toBe(false);
    expect(inTeam(null).levelMissing).toBe(false);
  });

  it('keep their other keys', () => {
    const stage = new Stage();
    stage.levels.put('team', taken);
    stage.levels.put('team', knownTeam('other'));
    stage.levels.put('user', knownUser('ada'));
    expect(stage.caller(stage.key({ userId: 'ada' })).levelMissing).toBe(false);
    expect(stage.caller(stage.key({ userId: 'ada', teamId: 'other' })).levelMissing).toBe(false);
  });

  it('are denied what their access tokens say of it too, from the moment on', () => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t', { members: new Map([['ada', 'user']]) }));
    stage.levels.put('user', knownUser('ada'));
    const token = subject({ userId: 'ada', teamId: 't' });
    const member = stage.assembler.ofSubject(token);
    expect(member.levelMissing).toBe(false);
    stage.levels.put('team', taken);
    expect(stage.assembler.isValid(member)).toBe(false);
    expect(stage.assembler.ofSubject(token).levelMissing).toBe(true);
  });
});

describe('callers with access tokens', () => {
  it('have no key, and the role of their claims before that of their user', () => {
    const stage = new Stage();
    stage.levels.put('user', knownUser('ada', { role: 'internal_user_viewer' }));
    const claims = { sub: 'ada' };
    const caller = stage.assembler.ofSubject(subject({ userId: 'ada', claims }));
    expect(caller).toMatchObject({ kind: 'jwt', keyHash: null, role: 'internal_user_viewer' });
    expect(caller.jwtClaims).toBe(claims);
    expect(kinds(caller)).toEqual(['user']);
    const admin = stage.assembler.ofSubject(subject({ userId: 'ada', role: 'proxy_admin' }));
    expect(admin.role).toBe('proxy_admin');
  });

  it('stay the same for a token until a level changes', () => {
    const stage = new Stage();
    stage.levels.put('team', knownTeam('t'));
    const token = subject({ teamId: 't' });
    const first = stage.assembler.ofSubject(token);
    expect(stage.assembler.ofSubject({ ...token })).toBe(first);
    expect(stage.assembler.ofSubject({ ...token, role: 'proxy_admin' })).not.toBe(first);
    expect(stage.assembler.isCurrent(first)).toBe(true);
    stage.levels.remove('team', 't');
    expect(stage.assembler.isCurrent(first)).toBe(false);
    expect(stage.assembler.ofSubject(token).levelMissing).toBe(true);
  });

  it('carry their claims where a key stands for the token', () => {
    const stage = new Stage();
    const key = stage.key();
    const claims = { sub: 'ada' };
    const mapped = stage.assembler.ofKey(key, null, claims);
    expect(mapped?.jwtClaims).toBe(claims);
    expect(stage.assembler.ofKey(key, null, claims)).toBe(mapped);
    expect(stage.caller(key)).not.toBe(mapped);
    const changed = stage.key({ revision: 2 });
    expect(stage.assembler.ofKey(changed, null, claims)).not.toBe(mapped);
  });
});

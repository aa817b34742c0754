import { describe, expect, it } from '@jest/globals';
import { knownKey, knownLevel, LevelsInMemory, silentLevel } from '../../test/auth/auth-fixtures.js';
import { level, mcpServer, policyWorld, principalWith, snapshotOf } from '../../test/permissions/policy-fixtures.js';
import { Drafts, type DraftContents } from './drafts.js';

const ALPHA = mcpServer({ id: 'id-alpha', alias: 'alpha', accessGroups: ['ops'] });
const BETA = mcpServer({ id: 'id-beta', alias: 'beta' });
const world = policyWorld(snapshotOf([ALPHA, BETA], ['id-beta']), [], { g1: ['id-alpha'], g2: ['id-beta'] });

function draftsOf(contents: Partial<DraftContents>): Drafts {
  const none = new Map<string, never>();
  const nothing = { key: none, team: none, user: none, customer: none, agent: none, organization: none };
  return new Drafts({ ...nothing, access_group: none, server: none, ...contents });
}

describe('Drafts', () => {
  it('puts servers in their place, in every index of the world', () => {
    const drafted = { ...ALPHA, accessGroups: ['dev'] };
    const { registry } = draftsOf({ server: new Map([[ALPHA.id, drafted]]) }).world(world);
    expect(registry.servers).toEqual([drafted, BETA]);
    expect(registry.resolve('alpha')).toBe(drafted);
    expect(registry.group('dev')).toEqual([drafted]);
    expect(registry.group('ops')).toEqual([]);
    expect(registry.publicServerIds.has('id-beta')).toBe(true);
    expect(world.registry.group('ops')).toEqual([ALPHA]);
  });

  it('adds no server that is not in use', () => {
    const pending = mcpServer({ id: 'id-pending' });
    const { registry } = draftsOf({ server: new Map([[pending.id, pending]]) }).world(world);
    expect(registry.servers).toEqual([ALPHA, BETA]);
  });

  it('puts access groups and levels in their place, and leaves the others', () => {
    const blocked = knownLevel('user', 'ada', { blocked: true });
    const drafts = draftsOf({
      access_group: new Map([['g1', []]]),
      customer: new Map([['acme', blocked]]),
    });
    expect(drafts.world(world).accessGroup('g1')).toEqual([]);
    expect(drafts.world(world).accessGroup('g2')).toEqual(['id-beta']);
    const present = new LevelsInMemory();
    const known = knownLevel('customer', 'other');
    present.put('customer', known);
    expect(drafts.levels(present).find('customer', 'acme')).toBe(blocked);
    expect(drafts.levels(present).find('customer', 'other')).toBe(known);
    expect(drafts.levels(present).find('agent', 'acme')).toBeUndefined();
  });

  it('concerns those who have what is changed, and everybody when a server is', () => {
    const key = knownKey('sk-1', { level: silentLevel('key', 'k1') });
    const drafts = draftsOf({ key: new Map([[key.token, key]]) });
    expect(drafts.key(knownKey('sk-1'))).toBe(key);
    expect(drafts.concern(principalWith([level('key', null, { id: 'k1' })]))).toBe(true);
    expect(drafts.concern(null, principalWith([level('key', null, { id: 'k2' })]))).toBe(false);
    expect(drafts.concern(principalWith([level('team', null, { id: 'k1' })]))).toBe(false);
    expect(draftsOf({ server: new Map([[ALPHA.id, ALPHA]]) }).concern(principalWith([]))).toBe(true);
    expect(draftsOf({ access_group: new Map([['g1', []]]) }).concern(principalWith([]))).toBe(true);
  });
});

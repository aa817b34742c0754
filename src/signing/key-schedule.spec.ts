import { beforeAll, describe, expect, it } from '@jest/globals';
import { newPrivateKey, signingKeyOf, type SigningKey } from './key-material.js';
import { currentKey, LONGEST_TOKEN_LIFE_SECONDS, publishedKeys, type ScheduledKey } from './key-schedule.js';

const NOW = 1_000_000_000;
const LIFE = LONGEST_TOKEN_LIFE_SECONDS * 1000;
let material: SigningKey;

beforeAll(async () => {
  material = signingKeyOf(await newPrivateKey('ES256'), 'ES256');
});

const key = (kid: string, signsFrom: number, algorithm: ScheduledKey['algorithm'] = 'ES256'): ScheduledKey => ({
  ...material,
  ...{ kid, algorithm, signsFrom, createdAt: 0, retiredAt: null },
});
const statesAt = (keys: readonly ScheduledKey[], now: number) =>
  publishedKeys(keys, now).map((published) => `${published.key.kid} ${published.state}`);

describe('the schedule of keys', () => {
  const keys = [key('new', NOW), key('old', NOW - LIFE), key('rsa', 5, 'RS256')];

  it('lets the last key sign whose time has come', () => {
    expect(currentKey(keys, 'ES256', NOW - 1)?.kid).toBe('old');
    expect(currentKey(keys, 'ES256', NOW)?.kid).toBe('new');
    expect(currentKey(keys, 'RS256', NOW)?.kid).toBe('rsa');
    expect(currentKey(keys, 'EdDSA', NOW)).toBeUndefined();
  });

  it('publishes a key before it signs, and until every token of it has expired', () => {
    expect(statesAt(keys, NOW - 1)).toEqual(['new next', 'old current', 'rsa current']);
    expect(statesAt(keys, NOW)).toEqual(['new current', 'old previous', 'rsa current']);
    expect(statesAt(keys, NOW + LIFE - 1)).toContain('old previous');
    expect(statesAt(keys, NOW + LIFE)).toEqual(['new current', 'rsa current']);
  });

  it('publishes a key that nothing signs with any more until every token of it has expired', () => {
    const retired = [
      { ...key('es', NOW - LIFE), retiredAt: NOW },
      { ...key('next', NOW + 1), retiredAt: NOW },
      key('rsa', 5, 'RS256'),
    ];
    expect(statesAt(retired, NOW)).toEqual(['es previous', 'next previous', 'rsa current']);
    expect(statesAt(retired, NOW + LIFE - 1)).toEqual(['es previous', 'next previous', 'rsa current']);
    expect(statesAt(retired, NOW + LIFE)).toEqual(['rsa current']);
  });

  it('has no opinion on the order in which keys are read', () => {
    expect(currentKey(keys.toReversed(), 'ES256', NOW)?.kid).toBe('new');
  });
});

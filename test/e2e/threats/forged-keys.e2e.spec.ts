import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_FAILURES } from '../../../src/auth/failure-limiter.js';
import { hashKey, maskKey, newKey } from '../../../src/auth/key-token.js';
import type { Door, DoorAnswer } from '../doors/door.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { appearance, DOORS, ThreatWorld } from './threat-world.js';

type Headers = Record<string, string | string[]>;

const GRANTS = { mcp_servers: ['up'] };
const ALIAS = 'the-good-key';
const HEADERS = ['authorization', 'x-litellm-api-key', 'x-gatehouse-api-key'] as const;

let world: ThreatWorld;
/** A key that opens every door. */
let good: string;
let keyId: string;
let blocked: string;
let deleted: string;

beforeAll(async () => {
  world = await ThreatWorld.start();
  world.withoutFailureLimit();
  const { gateway } = world;
  await registerServer(gateway, { alias: 'up', url: world.upstream.url });
  const made = await manage<{ key: string; key_id: string }>(gateway, '/key/generate', {
    ...{ key_alias: ALIAS, object_permission: GRANTS },
  });
  ({ key: good, key_id: keyId } = made);
  blocked = await makeKey(gateway, GRANTS, { blocked: true });
  deleted = await makeKey(gateway, GRANTS);
  await manage(gateway, '/key/delete', { keys: [deleted] });
});
afterAll(() => world.close());
beforeEach(() => world.upstream.requests.clear());

/** Bytes of UTF-8 as a header carries them. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const swapCase = (text: string): string =>
  [...text].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join('');

/** What is nearly the key, or says something about it. */
const NEARLY: Readonly<Record<string, () => string>> = {
  nothing: () => '',
  'the prefix of keys alone': () => 'sk-',
  'a key that never was': () => newKey(),
  'a blocked key': () => blocked,
  'a deleted key': () => deleted,
  'the key without its last character': () => good.slice(0, -1),
  'the key without its first character': () => good.slice(1),
  'half of the key': () => good.slice(0, good.length / 2),
  'the first 20 characters of the key': () => good.slice(0, 20),
  'the key and one character more': () => `${good}A`,
  'the key and padding': () => `${good}=`,
  'the key twice': () => good + good,
  'the key twice with a comma': () => `${good},${good}`,
  'the key twice with a blank': () => `${good} ${good}`,
  'the key and another one': () => `${good}, ${newKey()}`,
  'the key in upper case': () => good.toUpperCase(),
  'the key in lower case': () => good.toLowerCase(),
  'the key in swapped case': () => swapCase(good),
  'the key with a blank inside': () => `${good.slice(0, 9)} ${good.slice(9)}`,
  'the key with a tab inside': () => `${good.slice(0, 9)}\t${good.slice(9)}`,
  'the key in quotes': () => `"${good}"`,
  'the key in brackets': () => `<${good}>`,
  'the key behind a dot': () => `.${good}`,
  'the key behind its scheme twice': () => `Bearer Bearer ${good}`,
  'the key, encoded for URLs': () => good.replace('-', '%2D'),
  'the key in base64': () => base64(good),
  'the key as JSON': () => JSON.stringify({ key: good }),
  'the key with a letter of another script': () => bytes(good.replace('s', 'ѕ')),
  'the key with a full-width letter': () => bytes(good.replace('k', 'ｋ')),
  'the key and an invisible character': () => bytes(`${good}\u200B`),
  'the key and a letter of Latin-1': () => `${good}é`,
  'the hash of the key': () => hashKey(good),
  'the hash of the key as a key': () => `sk-${hashKey(good)}`,
  'the masked key': () => maskKey(good),
  'the id of the key': () => keyId,
  'the alias of the key': () => ALIAS,
  SQL: () => `sk-' UNION SELECT token FROM virtual_keys--`,
  'a wildcard': () => 'sk-%',
  'a template': () => 'sk-${MASTER_KEY}',
  '12 KiB': () => `sk-${'A'.repeat(12 * 1024)}`,
  'the master key and one character more': () => `${world.gateway.masterKey}0`,
  'the master key without its last character': () => world.gateway.masterKey.slice(0, -1),
  undefined: () => 'undefined',
  null: () => 'null',
};

/** Ways to write the good key that are none of ours; all of them are refused for what was presented. */
const SCHEMES: Readonly<Record<string, () => Headers>> = {
  'no scheme': () => ({ authorization: good }),
  'basic, as the password': () => ({ authorization: `Basic ${base64(`key:${good}`)}` }),
  'basic, as the user': () => ({ authorization: `Basic ${base64(`${good}:`)}` }),
  'basic, as it is': () => ({ authorization: `Basic ${good}` }),
  'the scheme "token"': () => ({ authorization: `Token ${good}` }),
  'the scheme "apikey"': () => ({ authorization: `ApiKey ${good}` }),
  'the scheme without a blank': () => ({ authorization: `Bearer${good}` }),
  'the scheme with a colon': () => ({ authorization: `Bearer: ${good}` }),
  'the scheme with a tab': () => ({ authorization: `Bearer\t${good}` }),
  'the scheme alone': () => ({ authorization: 'Bearer' }),
  'two headers, the good one first': () => ({ authorization: [`Bearer ${good}`, `Bearer ${newKey()}`] }),
  'two headers, the good one last': () => ({ authorization: [`Bearer ${newKey()}`, `Bearer ${good}`] }),
  'the same header twice': () => ({ authorization: [`Bearer ${good}`, `Bearer ${good}`] }),
  'two headers of ours': () => ({ 'x-gatehouse-api-key': [good, newKey()] }),
  'the same header of ours twice': () => ({ 'x-litellm-api-key': [good, good] }),
  'a bad key in the header that decides': () => ({ 'x-gatehouse-api-key': newKey(), authorization: `Bearer ${good}` }),
  'nothing in the header that decides': () => ({ 'x-gatehouse-api-key': '', authorization: `Bearer ${good}` }),
  'a bad key in the alias that decides': () => ({ 'x-litellm-api-key': newKey(), authorization: `Bearer ${good}` }),
  'a good key behind the header that decides': () => ({ 'x-gatehouse-api-key': 'x', 'x-litellm-api-key': good }),
};

/** Headers in which a credential is none. */
const ELSEWHERE: readonly string[] = [
  ...['x-api-key', 'api-key', 'apikey', 'x-auth-token', 'proxy-authorization', 'x-forwarded-authorization'],
  ...['x_gatehouse_api_key', 'x_litellm_api_key', 'x-gatehouse-api-keys', 'x-gatehouse-key', 'x-mcp-auth', 'cookie'],
  ...['x-goog-api-key', 'ocp-apim-subscription-key', 'www-authenticate', 'x-original-authorization'],
];

const QUERY_NAMES = ['api_key', 'key', 'token', 'access_token', 'authorization', 'x-gatehouse-api-key', 'anything'];

async function expectRefused(door: Door, headers: Headers, reference: DoorAnswer, query = ''): Promise<void> {
  const requestId = randomUUID();
  const answer = await world.attempt(door, { headers, requestId, query });
  expect([door.name, world.upstream.callCount]).toEqual([door.name, 0]);
  expect([door.name, appearance(answer.raw)]).toEqual([door.name, appearance(reference.raw)]);
  expect(answer.status).toBe(401);
  const records = await world.auditOf(requestId);
  expect(records).toEqual([{ outcome: 'refused', code: 'unauthenticated', sent: 'no' }]);
}

describe('at every door', () => {
  let references: Map<Door, { absent: DoorAnswer; wrong: DoorAnswer }>;

  beforeAll(async () => {
    references = new Map();
    for (const door of DOORS) {
      const absent = await world.attempt(door, {});
      const wrong = await world.attempt(door, { key: newKey() });
      references.set(door, { absent, wrong });
    }
  });

  const reference = (door: Door): { absent: DoorAnswer; wrong: DoorAnswer } => {
    const known = references.get(door);
    if (known === undefined) throw new Error('the door is not known');
    return known;
  };

  it.each(HEADERS)('the key opens in the header %s', async (header) => {
    for (const door of DOORS) {
      const value = header === 'authorization' ? `Bearer ${good}` : good;
      expect([door.name, await world.attempt(door, { headers: { [header]: value } })]).toMatchObject([
        door.name,
        { status: 200, kind: 'ok' },
      ]);
    }
    expect(world.upstream.callCount).toBe(DOORS.length);
    expect(JSON.stringify(world.upstream.requests.all)).not.toContain(good);
  });

  describe.each(HEADERS)('in the header %s', (header) => {
    it.each(Object.entries(NEARLY))('%s is refused like any wrong key', async (_what, make) => {
      const value = header === 'authorization' ? `Bearer ${make()}` : make();
      for (const door of DOORS) await expectRefused(door, { [header]: value }, reference(door).wrong);
    });
  });

  it.each(Object.entries(SCHEMES))('the key is refused with %s', async (_what, make) => {
    for (const door of DOORS) await expectRefused(door, make(), reference(door).wrong);
  });

  it.each(ELSEWHERE)('the key is not looked for in %s', async (header) => {
    for (const door of DOORS) await expectRefused(door, { [header]: good }, reference(door).absent);
  });

  it.each(QUERY_NAMES)('the key opens nothing in the query, as %s', async (name) => {
    for (const door of DOORS) {
      const query = `?${name}=${encodeURIComponent(good)}`;
      const answer = await world.attempt(door, { query });
      expect([door.name, world.upstream.callCount]).toEqual([door.name, 0]);
      expect([400, 401]).toContain(answer.status);
      expect(JSON.stringify([answer.raw.text, answer.raw.headers])).not.toContain(good);
    }
  });

  it('the key of nobody does not become somebody through a body or a cookie', async () => {
    for (const door of DOORS) {
      const headers = { cookie: `token=${good}; session=${good}` };
      const body = { text: 'x', api_key: good, authorization: `Bearer ${good}` };
      expect((await world.attempt(door, { headers, arguments: body })).status).toBe(401);
    }
    expect(world.upstream.callCount).toBe(0);
  });
});

describe('guessing', () => {
  let limited: ThreatWorld;

  beforeAll(async () => {
    limited = await ThreatWorld.start();
    await registerServer(limited.gateway, { alias: 'up', url: limited.upstream.url });
  });
  afterAll(() => limited.close());

  it('is slowed down at all doors together, and good keys are not', async () => {
    const key = await makeKey(limited.gateway, GRANTS);
    const here = limited.fromElsewhere();
    const guess = (door: Door, headers: Headers): Promise<DoorAnswer> =>
      limited.attempt(door, { key: newKey(), headers });
    for (let count = 0; count < MAX_FAILURES; count += 1) {
      const door = DOORS[count % DOORS.length];
      if (door !== undefined) expect((await guess(door, here)).status).toBe(401);
    }
    for (const door of DOORS) {
      const answer = await guess(door, here);
      expect([door.name, answer.status]).toEqual([door.name, 429]);
      expect(Number(answer.raw.headers['retry-after'])).toBeGreaterThan(0);
      expect((await guess(door, {})).status).toBe(401);
      expect(await limited.attempt(door, { key, headers: here })).toMatchObject({ status: 200, kind: 'ok' });
    }
    expect(limited.upstream.callCount).toBe(DOORS.length);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newKey } from '../../../src/auth/key-token.js';
import { FORGERIES, type Cast } from '../../fixtures/idp/forged-tokens.js';
import { TestIssuer } from '../../fixtures/idp/test-issuer.js';
import type { Door } from '../doors/door.js';
import { registerServer } from '../support/management.js';
import { ANY_DOOR, appearance, DOORS, ThreatWorld } from './threat-world.js';

type Headers = Record<string, string>;

let cast: Cast;
let world: ThreatWorld;
const references = new Map<Door, unknown>();

beforeAll(async () => {
  const [issuer, other, attacker] = [
    await TestIssuer.start(),
    await TestIssuer.start('ES256'),
    await TestIssuer.start(),
  ];
  cast = { issuer, other, attacker };
  const claims = { ...issuer.settings().claims, userId: null };
  world = await ThreatWorld.start({ jwtIssuers: [issuer.settings({ claims }), other.settings({ claims })] });
  world.withoutFailureLimit();
  await registerServer(world.gateway, { alias: 'up', url: world.upstream.url, allow_all_keys: true });
  for (const door of DOORS) references.set(door, appearance((await world.attempt(door, { key: newKey() })).raw));
});
afterAll(async () => {
  await world.close();
  await Promise.all([cast.issuer.close(), cast.other.close(), cast.attacker.close()]);
});
beforeEach(() => world.upstream.requests.clear());

async function expectRefusedEverywhere(headersOf: (token: string) => Headers, token: string): Promise<void> {
  for (const door of DOORS) {
    const requestId = randomUUID();
    const answer = await world.attempt(door, { requestId, headers: headersOf(token) });
    expect([door.name, world.upstream.callCount]).toEqual([door.name, 0]);
    expect([door.name, appearance(answer.raw)]).toEqual([door.name, references.get(door)]);
    expect(answer.status).toBe(401);
    const challenge = /^Bearer error="invalid_token", resource_metadata=/;
    expect(String(answer.raw.headers['www-authenticate'])).toMatch(challenge);
    expect(await world.auditOf(requestId)).toEqual([{ outcome: 'refused', code: 'unauthenticated', sent: 'no' }]);
  }
  expect(cast.attacker.requests).toEqual([]);
}

const asBearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const asOwnHeader = (token: string): Headers => ({ 'x-gatehouse-api-key': token });

describe('at every door', () => {
  it.each([
    ['authorization', asBearer],
    ['x-gatehouse-api-key', asOwnHeader],
    ['x-litellm-api-key', (token: string): Headers => ({ 'x-litellm-api-key': token })],
  ])('a good token opens in the header %s, and goes no further', async (_header, headersOf) => {
    for (const issuer of [cast.issuer, cast.other]) {
      const token = await issuer.token();
      for (const door of DOORS) {
        const answer = await world.attempt(door, { headers: headersOf(token) });
        expect([door.name, answer]).toMatchObject([door.name, { status: 200, kind: 'ok' }]);
      }
      expect(JSON.stringify(world.upstream.requests.all)).not.toContain(token);
    }
    expect(world.upstream.callCount).toBe(2 * DOORS.length);
  });

  it.each(Object.entries(FORGERIES))('a token is refused: %s', async (_what, forge) => {
    await expectRefusedEverywhere(asBearer, await forge(cast));
  });

  /** What becomes of a good token on its way. */
  it.each<[what: string, spoil: (token: string) => string]>([
    ['without its signature', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['without its signature but with the dot', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['without its header', (token) => token.slice(token.indexOf('.') + 1)],
    ['without its last character', (token) => token.slice(0, -1)],
    ['with one character more', (token) => `${token}A`],
    ['with padding', (token) => `${token}=`],
    ['in upper case', (token) => token.toUpperCase()],
    ['in lower case', (token) => token.toLowerCase()],
    ['twice', (token) => `${token}${token}`],
    ['twice with a comma', (token) => `${token},${token}`],
    ['with a blank at a dot', (token) => token.replace('.', '. ')],
    ['in quotes', (token) => `"${token}"`],
    ['behind the prefix of keys', (token) => `sk-${token}`],
    ['with a letter of Latin-1', (token) => `${token}é`],
    ['with the signature of another token', (token) => token.replace(/[^.]{8}$/, 'AAAAAAAA')],
  ])('a good token is refused %s', async (_what, spoil) => {
    const token = spoil(await cast.issuer.token());
    await expectRefusedEverywhere(asBearer, token);
    await expectRefusedEverywhere(asOwnHeader, token);
  });

  it('a token that was good is refused from its expiry on, although it is remembered', async () => {
    const leeway = 30;
    const token = await cast.issuer.token({ exp: Math.floor(Date.now() / 1000) - leeway + 2 });
    expect(await world.attempt(ANY_DOOR, { key: token })).toMatchObject({ status: 200 });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    world.upstream.requests.clear();
    await expectRefusedEverywhere(asBearer, token);
  });

  it('a token opens nothing in the query', async () => {
    const token = await cast.issuer.token();
    for (const door of DOORS) {
      const answer = await world.attempt(door, { query: `?access_token=${token}` });
      expect([400, 401]).toContain(answer.status);
      expect(answer.raw.text).not.toContain(token);
    }
    expect(world.upstream.callCount).toBe(0);
  });
});

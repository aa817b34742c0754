import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hashKey } from '../../../src/auth/key-token.js';
import type { DoorAnswer } from '../doors/door.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { ANY_DOOR, DOORS, ThreatWorld } from './threat-world.js';

/** What ends the right to call, of the key and of what it belongs to. */
type Way = [what: string, end: (key: string, team: string) => Promise<unknown>];

let world: ThreatWorld;

beforeAll(async () => {
  world = await ThreatWorld.start();
  await registerServer(world.gateway, { alias: 'up', url: world.upstream.url });
});
afterAll(() => world.close());
beforeEach(() => {
  world.upstream.requests.clear();
  world.upstream.cancelledCalls.length = 0;
});

const WAYS: readonly Way[] = [
  ['blocked', (key) => manage(world.gateway, '/key/block', { key })],
  ['deleted', (key) => manage(world.gateway, '/key/delete', { keys: [key] })],
  ['exchanged', (key) => manage(world.gateway, '/key/regenerate', { key: hashKey(key) })],
  ['expired', (key) => manage(world.gateway, '/key/update', { key, duration: '1s' })],
  ['one of a team that is blocked', (_, team_id) => manage(world.gateway, '/team/update', { team_id, blocked: true })],
];

interface HeldCall {
  readonly door: string;
  readonly requestId: string;
  readonly answer: Promise<DoorAnswer>;
}

/** One call at every door, all of them held by the upstream. */
async function holdEverywhere(key: string): Promise<readonly HeldCall[]> {
  const held = DOORS.map((door) => {
    const requestId = randomUUID();
    return { door: door.name, requestId, answer: world.attempt(door, { key, tool: 'slow', requestId }) };
  });
  while (world.upstream.callCount < DOORS.length) await world.upstream.requests.next();
  return held;
}

describe('calls that run at every door', () => {
  it.each(WAYS)('are ended when their key is %s', async (_what, end) => {
    const { team_id } = await manage<{ team_id: string }>(world.gateway, '/team/new', {
      object_permission: { mcp_servers: ['up'] },
    });
    const key = await makeKey(world.gateway, {}, { team_id });
    const held = await holdEverywhere(key);
    await end(key, team_id);
    for (const { door, requestId, answer } of held) {
      const { status, raw } = await answer;
      expect([door, status]).toEqual([door, 401]);
      expect(String(raw.headers['www-authenticate'])).toContain('error="invalid_token"');
      expect([door, await world.auditOf(requestId)]).toMatchObject([door, [{ code: 'call_cancelled' }]]);
    }
    await world.upstream.cancellations(DOORS.length);
  });

  it('go on when the key of somebody else is blocked', async () => {
    const held = await holdEverywhere(await makeKey(world.gateway, { mcp_servers: ['up'] }));
    await manage(world.gateway, '/key/block', { key: await makeKey(world.gateway, {}) });
    // Two rounds of the watch.
    await new Promise((resolve) => setTimeout(resolve, 600));
    world.upstream.release();
    for (const { answer } of held) {
      expect(await answer).toMatchObject({ status: 200, kind: 'ok', text: 'slow is done' });
    }
    world.upstream.hold();
  });

  it('are recorded once when the limit of their key refuses them', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['up'] }, { rpm_limit: 1 });
    await world.attempt(ANY_DOOR, { key });
    for (const door of DOORS) {
      const requestId = randomUUID();
      await world.attempt(door, { key, requestId });
      expect([door.name, await world.auditOf(requestId)]).toMatchObject([door.name, [{ code: 'rate_limited' }]]);
    }
    expect(world.upstream.callCount).toBe(1);
  });
});

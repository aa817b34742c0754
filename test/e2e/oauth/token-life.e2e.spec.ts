import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { AuthorizationServer } from '../../fixtures/oauth/authorization-server.mjs';
import { OAuthWorld } from './oauth-world.js';

let world: OAuthWorld;
beforeEach(async () => {
  world = await OAuthWorld.start();
});
afterEach(() => world.close());

/** Tokens that end at once, followed by ones that last. */
async function connectBriefly(): Promise<void> {
  world.issuer.accessTokenSeconds = 4;
  await world.connect('uma');
  world.issuer.accessTokenSeconds = 3600;
}

const refreshes = () => world.issuer.of('refresh_token');

describe('an access token that ends', () => {
  it('is refreshed once for all calls that wait, and the rotated refresh token is stored', async () => {
    await connectBriefly();
    const stored = () => world.gateway.sql<{ credential: string }>('SELECT credential FROM mcp_user_credentials');
    const [before] = await stored();
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => world.call('uma', `${index}`)));
    expect(refreshes()).toHaveLength(1);
    expect(results.map(({ isError }) => isError === true)).toEqual(Array.from({ length: 10 }, () => false));
    const [after] = await stored();
    expect(after?.credential).not.toBe(before?.credential);
    expect(await world.status('uma')).toMatchObject({ status: 'connected' });
  });

  it('is refreshed ahead of its end when nobody calls', async () => {
    world.issuer.accessTokenSeconds = 1;
    await world.connect('uma');
    world.issuer.accessTokenSeconds = 3600;
    while (refreshes().length === 0) await pause(50);
    expect((await world.call('uma')).isError).not.toBe(true);
    expect(refreshes()).toHaveLength(1);
  });

  it('cannot be refreshed after the consent was withdrawn: the user is told where to log in', async () => {
    await connectBriefly();
    await world.issuer.endGrants();
    const result = await world.call('uma');
    expect(world.upstream.inner.callCount).toBe(0);
    expect(result._meta?.['gatehouse/error']).toMatchObject({ code: 'user_credential_missing', sent: 'no' });
    expect(await world.status('uma')).toMatchObject({ status: 'needs_reauthorisation' });
    await world.connect('uma');
    expect((await world.call('uma')).isError).not.toBe(true);
  });

  it('waits for an authorization server that is away, and loses nothing', async () => {
    await connectBriefly();
    world.issuer.isDown = true;
    const [row] = await world.gateway.sql<{ expires_at: Date }>('SELECT expires_at FROM mcp_user_credentials');
    await until(row?.expires_at ?? new Date());
    const result = await world.call('uma');
    expect(result._meta?.['gatehouse/error']?.code).toBe('user_credential_missing');
    expect(result.content[0]?.text).toContain('cannot be reached');
    expect(await world.status('uma')).toMatchObject({ status: 'refresh_failed' });
    world.issuer.isDown = false;
    expect((await world.call('uma')).isError).not.toBe(true);
    expect(await world.status('uma')).toMatchObject({ status: 'connected' });
  });
});

describe('an access token that the server refuses before its end', () => {
  it('is replaced once; the call that was sent is not sent again', async () => {
    await world.connect('uma');
    await world.call('uma');
    const presented = world.upstream.presented.at(-1)?.replace('Bearer ', '') ?? '';
    await world.issuer.endAccess(presented);
    const refused = await world.call('uma');
    expect(refused._meta?.['gatehouse/error']).toMatchObject({ code: 'upstream_auth_required' });
    expect(world.upstream.inner.callCount).toBe(1);
    expect(refreshes()).toHaveLength(1);
    expect((await world.call('uma')).isError).not.toBe(true);
    expect(refreshes()).toHaveLength(1);
    expect(world.upstream.inner.callCount).toBe(2);
  });

  it('for its scope asks the user for what it had and what is missing', async () => {
    await world.connect('uma');
    world.upstream.neededScope = 'mcp:write';
    const refused = await world.call('uma');
    expect(refused._meta?.['gatehouse/error']).toMatchObject({ code: 'user_credential_missing' });
    expect(refused.content[0]?.text).toContain('more rights');
    expect(world.upstream.inner.callCount).toBe(0);
    const scope = new URL(await world.begin('uma')).searchParams.get('scope')?.split(' ');
    expect(scope).toEqual(expect.arrayContaining(['mcp:read', 'mcp:write']));
    await world.connect('uma');
    expect((await world.call('uma')).isError).not.toBe(true);
  });
});

describe('a server that goes to another authorization server', () => {
  it('is never shown tokens of the one before, and its client is another one', async () => {
    await world.connect('uma');
    await world.call('uma');
    const before = world.upstream.presented.at(-1);
    const next = await AuthorizationServer.start();
    try {
      const first = world.issuer;
      world.upstream.issuer = next;
      await world.call('uma');
      expect(first.of('refresh_token')).toHaveLength(0);
      expect(await world.status('uma')).toMatchObject({ status: 'needs_reauthorisation' });
      const seen = world.upstream.presented.length;
      await world.connect('uma');
      expect((await world.call('uma')).isError).not.toBe(true);
      expect(world.upstream.presented.slice(seen)).not.toContain(before);
      expect(next.registrations).toBe(1);
      expect(await world.status('uma')).toMatchObject({ status: 'connected', issuer: next.issuer });
    } finally {
      await next.close();
    }
  });
});

async function until(time: Date): Promise<void> {
  await pause(Math.max(0, time.getTime() - Date.now()));
}

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { InjectedCredential } from '../upstream-credential.js';
import { TokenCache } from './token-cache.js';

const START = new Date('2026-01-01T00:00:00Z');

describe('tokens in memory', () => {
  let cache: TokenCache;
  let fetched: number;
  let fails: boolean;
  beforeEach(() => {
    jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    [cache, fetched, fails] = [new TokenCache(10), 0, false];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const get = (key = 'k', expiresIn: number | null = 1_000) =>
    cache.get(key, 'who', () => {
      fetched += 1;
      return fails ? Promise.reject(new Error('down')) : Promise.resolve({ accessToken: `t${fetched}`, expiresIn });
    });
  const textOf = async (credential: InjectedCredential | Promise<InjectedCredential>) =>
    (await credential).headers['authorization'];

  it('are fetched once for all that wait, and then given at once', async () => {
    const first = await Promise.all([get(), get(), get()]);
    expect(new Set(first).size).toBe(1);
    expect(get()).toBe(first[0]);
    expect(await textOf(get('other'))).toBe('Bearer t2');
  });

  it('are renewed ahead of their end, while the old one still serves', async () => {
    await get();
    jest.setSystemTime(START.getTime() + 800_000);
    expect(await textOf(get())).toBe('Bearer t1');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await textOf(get())).toBe('Bearer t2');
    expect(fetched).toBe(2);
  });

  it('are not used in their last minute', async () => {
    await get();
    jest.setSystemTime(START.getTime() + 940_000);
    expect(await textOf(get())).toBe('Bearer t2');
  });

  it('that say nothing of their end live for an hour', async () => {
    await get('k', null);
    jest.setSystemTime(START.getTime() + 3_539_000);
    expect(await textOf(get('k', null))).toBe('Bearer t1');
  });

  it('serve on when the renewal fails', async () => {
    await get();
    fails = true;
    jest.setSystemTime(START.getTime() + 800_000);
    expect(await textOf(get())).toBe('Bearer t1');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await textOf(get())).toBe('Bearer t1');
    expect(fetched).toBe(2);
  });

  it('are asked for again only a moment after a failure', async () => {
    fails = true;
    await expect(Promise.resolve(get())).rejects.toThrow('down');
    await expect(Promise.resolve(get())).rejects.toThrow('down');
    expect(fetched).toBe(1);
    fails = false;
    jest.setSystemTime(START.getTime() + 1_000);
    expect(await textOf(get())).toBe('Bearer t2');
  });

  it.each([
    [401, 'Bearer t2'],
    [403, 'Bearer t1'],
  ] as const)('refused with %i are replaced only if another one may do', async (status, next) => {
    await (await get()).refused?.({ status, challenge: null });
    expect(await textOf(get())).toBe(next);
  });

  it('that were replaced already are not replaced again', async () => {
    const first = await get();
    await first.refused?.({ status: 401, challenge: null });
    await get();
    await first.refused?.({ status: 401, challenge: null });
    expect(await textOf(get())).toBe('Bearer t2');
  });
});

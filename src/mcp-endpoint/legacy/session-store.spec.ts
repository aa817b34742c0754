import { Cancellation } from '../../common/cancellation.js';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MASTER_PRINCIPAL } from '../../auth/key-principal.js';
import type { Config } from '../../config/config.js';
import { MAX_SESSIONS_PER_PRINCIPAL, SessionStore } from './session-store.js';

const IDLE_MS = 10_000;
const client = (id: string) => ({ principal: { ...MASTER_PRINCIPAL, id }, capabilities: {}, version: '2025-11-25' });

let store: SessionStore;
beforeEach(() => {
  jest.useFakeTimers();
  store = new SessionStore({ sessionIdleMs: IDLE_MS } as Config, { ownId: 'replica1', isShared: true });
});
afterEach(() => {
  store.onModuleDestroy();
  jest.useRealTimers();
});

function open(principalId = 'p') {
  const session = store.open(client(principalId));
  if (session === null) throw new Error('no session was opened');
  return session;
}

describe('SessionStore', () => {
  it('tells the process that holds a session by its id, unless it is this one', () => {
    const secret = 'a'.repeat(32);
    expect(store.holderOf(`replica2.${secret}`)).toBe('replica2');
    expect(store.holderOf(open().id)).toBeNull();
    expect(store.holderOf(`replica2.${secret}a`)).toBeNull();
    expect(store.holderOf(secret)).toBeNull();
  });

  it('makes ids that cannot be guessed', () => {
    const ids = new Set(Array.from({ length: 1000 }, (_, index) => open(`p${index}`).id));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(Buffer.from(id.replace('replica1.', ''), 'base64url')).toHaveLength(24);
  });

  it('finds a session for its own caller only', () => {
    const session = open();
    expect(store.find(session.id, 'p')).toBe(session);
    expect(store.find(session.id, 'q')).toBeUndefined();
  });

  it('forgets idle sessions, counted from their last use', () => {
    const [used, unused] = [open(), open()];
    jest.advanceTimersByTime(IDLE_MS - 1);
    expect(store.find(used.id, 'p')).toBe(used);
    jest.advanceTimersByTime(2);
    expect(store.find(unused.id, 'p')).toBeUndefined();
    expect(store.find(used.id, 'p')).toBe(used);
  });

  it('keeps a session while a call runs in it', () => {
    const session = open();
    session.running.set(1, new Cancellation());
    jest.advanceTimersByTime(10 * IDLE_MS);
    expect(store.find(session.id, 'p')).toBe(session);
  });

  it('evicts the session that is idle for longest when a caller has too many', () => {
    const [busy, oldest, touched] = [open(), open(), open()];
    busy.running.set(1, new Cancellation());
    const bystander = open('q');
    for (let more = 3; more < MAX_SESSIONS_PER_PRINCIPAL; more++) open();
    store.find(oldest.id, 'p');
    open();
    expect(store.find(touched.id, 'p')).toBeUndefined();
    for (const kept of [busy, oldest]) expect(store.find(kept.id, 'p')).toBe(kept);
    expect(store.find(bystander.id, 'q')).toBe(bystander);
  });

  it('opens no more when all sessions of a caller are busy', () => {
    for (let count = 0; count < MAX_SESSIONS_PER_PRINCIPAL; count++) open().running.set(1, new Cancellation());
    expect(store.open(client('p'))).toBeNull();
    expect(store.open(client('q'))).not.toBeNull();
  });

  it('cancels calls and questions of a session that ends', async () => {
    const session = open();
    const running = new Cancellation();
    session.running.set(1, running);
    const { answer } = session.expect();
    store.end(session);
    expect(running.aborted).toBe(true);
    await expect(answer).rejects.toMatchObject({ code: 'call_cancelled' });
  });

  it('ends all sessions of a caller who is gone, and no other', () => {
    const [busy, idle, bystander] = [open(), open(), open('q')];
    const running = new Cancellation();
    busy.running.set(1, running);
    store.endOf(({ id }) => id === 'p');
    expect(running.aborted).toBe(true);
    for (const ended of [busy, idle]) expect(store.find(ended.id, 'p')).toBeUndefined();
    expect(store.find(bystander.id, 'q')).toBe(bystander);
  });
});

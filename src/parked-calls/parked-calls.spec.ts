import { afterEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { FieldCipher } from '../database/field-cipher.js';
import { MAX_PARKED_PER_PRINCIPAL, ParkedCalls } from './parked-calls.js';
import { requestDigest, type StatedRequest } from './request-binding.js';
import { RequestStates } from './request-states.js';

const config = { encryptionKeys: [{ kid: 'k1', key: new Secret(Buffer.alloc(32, 1)) }] } as unknown as Config;
const binding = { callerId: 'ada', digest: 'd' };

class Parked {
  expired = 0;

  expire(): void {
    this.expired++;
  }
}

describe('ParkedCalls', () => {
  let calls: ParkedCalls<Parked>;
  const open = (parkedCallMs = 60_000) => {
    calls = new ParkedCalls({ parkedCallMs }, new RequestStates(new FieldCipher(config), { ownId: 'here' }));
  };
  afterEach(() => calls.close());
  const park = (call = new Parked(), principal = 'ada') => calls.park(call, principal, binding) ?? '';

  it('finds a call once, by the state that it was parked under', () => {
    open();
    const call = new Parked();
    const state = park(call);
    expect(state).toMatch(/^gatehouse:v1\.k1\./);
    expect(state).not.toContain('ada');
    expect(calls.take(state, binding)).toBe(call);
    expect(calls.take(state, binding)).toBeUndefined();
    expect(call.expired).toBe(0);
  });

  it('finds nothing for another caller, another request, or a state that was changed', () => {
    open();
    const call = new Parked();
    const state = park(call);
    expect(calls.take(state, { ...binding, callerId: 'bob' })).toBeUndefined();
    expect(calls.take(state, { ...binding, digest: 'e' })).toBeUndefined();
    for (let place = 0; place < state.length; place += 5) {
      const other = state[place] === 'x' ? 'y' : 'x';
      expect(calls.take(state.slice(0, place) + other + state.slice(place + 1), binding)).toBeUndefined();
    }
    expect(calls.take(state, binding)).toBe(call);
  });

  it('finds nothing of another process with the same keys', () => {
    open();
    const state = park();
    const other = new ParkedCalls(
      { parkedCallMs: 60_000 },
      new RequestStates(new FieldCipher(config), { ownId: 'there' }),
    );
    expect(other.take(state, binding)).toBeUndefined();
    expect(other.holderOf(state, binding)).toBe('here');
    expect(other.holderOf(state, { ...binding, callerId: 'bob' })).toBeNull();
    expect(calls.holderOf(state, binding)).toBeNull();
  });

  it('lets a call expire, once, and gives its place free', async () => {
    open(20);
    const call = new Parked();
    const state = park(call);
    while (call.expired === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(calls.take(state, binding)).toBeUndefined();
    expect([call.expired, calls.size]).toEqual([1, 0]);
  });

  it('has room for so many of one principal, and then for others', () => {
    open();
    const states = Array.from({ length: MAX_PARKED_PER_PRINCIPAL }, () => park());
    expect(calls.park(new Parked(), 'ada', binding)).toBeNull();
    expect(calls.park(new Parked(), 'bob', binding)).not.toBeNull();
    calls.take(states[0] ?? '', binding);
    expect(calls.park(new Parked(), 'ada', binding)).not.toBeNull();
  });

  it('lets all of them expire when it closes, and takes no more', () => {
    open();
    const call = new Parked();
    park(call);
    calls.close();
    expect(call.expired).toBe(1);
    expect(calls.park(new Parked(), 'ada', binding)).toBeNull();
  });
});

describe('requestDigest', () => {
  const request: StatedRequest = {
    method: 'tools/call',
    params: { name: 'echo', arguments: { a: 1, b: { c: [1, 2], d: null } } },
    scope: ['/mcp', null],
  };

  it('is the same whatever belongs to one sending, and in whatever order the members come', () => {
    const params = {
      arguments: { b: { d: null, c: [1, 2] }, a: 1 },
      ...{ name: 'echo', _meta: { progressToken: 7 }, inputResponses: {}, requestState: 's' },
    };
    expect(requestDigest({ ...request, params })).toBe(requestDigest(request));
  });

  it.each<[string, Partial<StatedRequest>]>([
    ['method', { method: 'prompts/get' }],
    ['scope', { scope: ['/mcp', 'a'] }],
    ['name', { params: { ...request.params, name: 'other' } }],
    ['order of a list', { params: { name: 'echo', arguments: { a: 1, b: { c: [2, 1], d: null } } } }],
    ['type of a value', { params: { name: 'echo', arguments: { a: '1', b: { c: [1, 2], d: null } } } }],
    ['further member', { params: { ...request.params, more: 1 } }],
  ])('is another one for another %s', (_what, change) => {
    expect(requestDigest({ ...request, ...change })).not.toBe(requestDigest(request));
  });
});

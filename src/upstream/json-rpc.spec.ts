import { describe, expect, it } from '@jest/globals';
import { MalformedMessage, parseJson, readMessage, RequestIds } from './json-rpc.js';

describe('parseJson', () => {
  it.each([
    ['no JSON', Buffer.from('{"a":')],
    ['NaN', Buffer.from('{"a":NaN}')],
    ['a byte order mark', Buffer.from('\uFEFF{}')],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['deep nesting', Buffer.from('['.repeat(100_000) + ']'.repeat(100_000))],
  ])('refuses %s', (_what, bytes) => {
    expect(() => parseJson(bytes)).toThrow(MalformedMessage);
  });
});

describe('readMessage', () => {
  it('tells replies, requests and notifications apart', () => {
    const result = { a: 1 };
    expect(readMessage({ jsonrpc: '2.0', id: 1, result })).toEqual({
      kind: 'reply',
      id: 1,
      reply: { kind: 'result', result },
    });
    expect(readMessage({ jsonrpc: '2.0', id: null, error: { code: 5, message: 'm', data: [1] } })).toEqual({
      kind: 'reply',
      id: null,
      reply: { kind: 'error', error: { code: 5, message: 'm', data: [1] } },
    });
    expect(readMessage({ jsonrpc: '2.0', id: 'q', method: 'ping' })).toEqual({
      kind: 'request',
      id: 'q',
      method: 'ping',
      params: {},
    });
    expect(readMessage({ jsonrpc: '2.0', method: 'n', params: { b: 2 } })).toEqual({
      kind: 'notification',
      method: 'n',
      params: { b: 2 },
    });
  });

  it.each([
    ['a list', []],
    ['another version', { jsonrpc: '1.0', id: 1, result: {} }],
    ['no version', { id: 1, result: {} }],
    ['neither result nor error', { jsonrpc: '2.0', id: 1 }],
    ['both', { jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: 'm' } }],
    ['a null result', { jsonrpc: '2.0', id: 1, result: null }],
    ['an error without a code', { jsonrpc: '2.0', id: 1, error: { message: 'm' } }],
    ['an error with a fraction as code', { jsonrpc: '2.0', id: 1, error: { code: 1.5, message: 'm' } }],
    ['an object as id', { jsonrpc: '2.0', id: {}, result: {} }],
    ['a request with a null id', { jsonrpc: '2.0', id: null, method: 'ping' }],
    ['a list as params', { jsonrpc: '2.0', method: 'n', params: [] }],
  ])('refuses %s', (_what, value) => {
    expect(() => readMessage(value)).toThrow(MalformedMessage);
  });
});

describe('RequestIds', () => {
  it('never repeats and knows what it gave out', () => {
    const ids = new RequestIds();
    const given = [ids.next(), ids.next(), ids.next()];
    expect(new Set(given).size).toBe(3);
    expect(given.map((id) => ids.knows(id))).toEqual([true, true, true]);
    expect([ids.knows(99), ids.knows('1'), ids.knows(null)]).toEqual([false, false, false]);
  });
});

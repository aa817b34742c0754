import { describe, expect, it } from '@jest/globals';
import { parseMessage } from './parse-message.js';
import { RefusedRequest } from './refused-request.js';

function refusalFor(text: string | Buffer): { status: number; code: number; id: unknown } {
  try {
    parseMessage(Buffer.from(text));
  } catch (thrown) {
    if (thrown instanceof RefusedRequest) return { status: thrown.status, code: thrown.code, id: thrown.id };
    throw thrown;
  }
  throw new Error('the message was accepted');
}

const deep = `{"jsonrpc":"2.0","id":1,"method":"m","params":${'['.repeat(100)}${']'.repeat(100)}}`;

describe('parseMessage', () => {
  it('sorts requests, notifications and responses', () => {
    const read = (value: object): unknown => parseMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...value })));
    expect(read({ id: 'x', method: 'm', params: { a: 1 } })).toEqual({
      ...{ kind: 'request', id: 'x', method: 'm', params: { a: 1 } },
    });
    expect(read({ id: 0, method: 'm' })).toMatchObject({ kind: 'request', id: 0 });
    expect(read({ method: 'm' })).toMatchObject({ kind: 'notification' });
    expect(read({ id: 1, result: {} })).toMatchObject({ kind: 'response', result: {} });
    expect(read({ id: 1, error: { code: 1, message: '' } })).toMatchObject({ kind: 'response', error: { code: 1 } });
  });

  it.each([
    ['{', -32700],
    ['', -32700],
    ['\ufeff{}', -32700],
    ['{"a":NaN}', -32700],
    ['null', -32600],
    ['"x"', -32600],
    ['[]', -32600],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    ['{}', -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"m"}', -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"m"}', -32600],
    ['{"jsonrpc":"2.0","id":1.5,"method":"m"}', -32600],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}', -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"m"}', -32600],
    ['{"jsonrpc":"2.0","id":true,"method":"m"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":7}', -32600],
    ['{"jsonrpc":"2.0","id":1}', -32600],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":null}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"a","name":"b"}}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{},"params":{"a":1}}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"m","__proto__":{}}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":{"__proto__":{}}}', -32600],
    [deep, -32600],
  ])('refuses %.60s', (text, code) => {
    expect(refusalFor(text)).toMatchObject({ status: 400, code });
  });

  it('refuses what is not UTF-8', () => {
    expect(refusalFor(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ status: 400, code: -32700 });
  });

  it('names the request in a refusal as soon as its id is known', () => {
    expect(refusalFor('{"jsonrpc":"2.0","id":"q","method":"m","params":[]}').id).toBe('q');
    expect(refusalFor('{"jsonrpc":"2.0","id":"q","method":"m","method":"n"}').id).toBe('q');
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":{"b":1,"c":{"d":[{"e":1},{"e":2}]}},"f":[{"g":1},{"g":2}]}}',
    '{"jsonrpc":"2.0","id":1,"method":"a\\":{}","params":{"x":"\\\\","y":": , {","z\\"":"\\u0022:"}}',
    '{ "jsonrpc" : "2.0" , "id" : 1 , "method" : "m" , "params" : { "constructor" : 1 , "toString" : { "a" : 1 } } }',
  ])('takes keys for what they are in %.40s', (text) => {
    expect(parseMessage(Buffer.from(text))).toMatchObject({ kind: 'request', id: 1 });
  });
});

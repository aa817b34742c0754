import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../common/json.js';
import type { RpcMessage } from '../json-rpc.js';
import { isStateless } from './envelope.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const request = (method: string, meta?: JsonObject): RpcMessage => ({
  ...{ kind: 'request', id: 1, method, params: meta === undefined ? undefined : { _meta: meta } },
});

describe('isStateless', () => {
  it.each<[string, RpcMessage, string | undefined, boolean]>([
    ['an envelope', request('tools/list', { [VERSION]: '2026-07-28' }), undefined, true],
    ['an envelope of an unknown version', request('tools/list', { [VERSION]: 'v9' }), 'v9', true],
    ['an envelope of a wrong type', request('tools/list', { [VERSION]: 7 }), undefined, true],
    ['initialize with an envelope', request('initialize', { [VERSION]: '2026-07-28' }), '2026-07-28', true],
    ['a header alone', request('tools/list'), '2026-07-28', true],
    ['a later header', request('tools/list'), '2027-01-01', true],
    ['a response under the header', { kind: 'response', id: 1, result: {}, error: undefined }, '2026-07-28', true],
    ['nothing', request('tools/list'), undefined, false],
    ['other members of _meta', request('tools/list', { progressToken: 1 }), '2025-11-25', false],
    ['a session header', request('tools/list'), '2025-11-25', false],
    ['a header that is no revision', request('tools/list'), 'v999.0.0', false],
    ['initialize', request('initialize'), undefined, false],
    ['a response', { kind: 'response', id: 1, result: { _meta: {} }, error: undefined }, undefined, false],
  ])('tells by %s', (_case, message, header, expected) => {
    expect(isStateless(message, header)).toBe(expected);
  });
});

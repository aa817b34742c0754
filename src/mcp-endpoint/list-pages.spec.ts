import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { CallerSeal } from '../auth/caller-seal.js';
import type { Principal } from '../auth/principal.js';
import type { JsonObject, JsonValue } from '../common/json.js';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { FieldCipher } from '../database/field-cipher.js';
import { ListPages, type Page } from './list-pages.js';
import { RefusedRequest } from './refused-request.js';

const PRINCIPAL = { kind: 'virtual_key', id: 'key-a', jwtClaims: null, customerId: null } as unknown as Principal;
const keyring = { encryptionKeys: [{ kid: 'k1', key: new Secret(randomBytes(32)) }] } as unknown as Config;
const pages = new ListPages({ listPageSize: 2 }, new CallerSeal(new FieldCipher(keyring)));

let list: string[];

beforeEach(() => {
  list = ['a', 'b', 'c', 'd', 'e'];
});

function cut(cursor?: JsonValue): Page<string> {
  const params: JsonObject = cursor === undefined ? {} : { cursor };
  const request = { kind: 'request', id: 1, method: 'tools/list', params } as const;
  return pages.cut(list, (entry) => entry, { request, principal: PRINCIPAL, refusalStatus: 400 });
}

describe('a list', () => {
  it('that fits is one page without a cursor', () => {
    list = ['a', 'b'];
    expect(cut()).toEqual({ entries: ['a', 'b'] });
    list = [];
    expect(cut()).toEqual({ entries: [] });
  });

  it('is cut into pages, the last of which names no next one', () => {
    const first = cut();
    const second = cut(first.nextCursor);
    const third = cut(second.nextCursor);
    expect([first.entries, second.entries, third.entries]).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    expect(third).not.toHaveProperty('nextCursor');
  });

  it('goes on behind the last entry that was shown, wherever that is now', () => {
    const { nextCursor } = cut();
    list = ['new', 'a', 'b', 'c'];
    expect(cut(nextCursor).entries).toEqual(['c']);
    list = ['b', 'c', 'd', 'e'];
    expect(cut(nextCursor).entries).toEqual(['c', 'd']);
  });

  it('refuses a cursor whose entry is gone', () => {
    const { nextCursor } = cut();
    list = ['a', 'c', 'd'];
    expect(() => cut(nextCursor)).toThrow(RefusedRequest);
  });

  it.each<JsonValue>(['', 'x', 7, null, { a: 1 }, ['x']])('refuses the cursor %j', (cursor) => {
    expect(() => cut(cursor)).toThrow(/read the list from its start/);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../common/json.js';
import { diffOf } from './entry-diff.js';

/** What becomes of one field, by what it is in the file, on the gateway and in the base; undefined: not there. */
function diff(file: JsonObject, present: JsonObject | null, base?: JsonObject, force = false) {
  const { changed, kept, conflicts, missing } = diffOf(file, present, base, force);
  return { changed, kept, conflicts, missing };
}
const nothing = { changed: {}, kept: [], conflicts: [], missing: [] };

describe('three ways', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject | undefined, object]>([
    ['nothing changed', { a: 1 }, { a: 1 }, { a: 1 }, {}],
    ['changed in the file', { a: 2 }, { a: 1 }, { a: 1 }, { changed: { a: 2 } }],
    ['changed on the gateway', { a: 1 }, { a: 2 }, { a: 1 }, { kept: ['a'] }],
    ['changed in both', { a: 2 }, { a: 3 }, { a: 1 }, { conflicts: ['a'] }],
    ['changed in both to the same', { a: 2 }, { a: 2 }, { a: 1 }, {}],
    ['no base', { a: 2 }, { a: 1 }, undefined, { changed: { a: 2 } }],
    ['not in the file, and never was', {}, { a: 1 }, {}, {}],
    ['not in the file any more', {}, { a: 1 }, { a: 1 }, { changed: { a: null } }],
    ['not in the file any more, but changed on the gateway', {}, { a: 2 }, { a: 1 }, { conflicts: ['a'] }],
    ['not in the file any more, nor on the gateway', {}, { a: null }, { a: 1 }, {}],
    ['new in the file', { a: 1 }, { a: null }, {}, { changed: { a: 1 } }],
    ['empty in one way and in another', { a: [] }, { a: null }, undefined, {}],
  ])('%s', (_what, file, present, base, expected) => {
    expect(diff(file, present, base)).toEqual({ ...nothing, ...expected });
  });

  it('lets the file win when it is told to', () => {
    expect(diff({ a: 2 }, { a: 3 }, { a: 1 }, true)).toEqual({ ...nothing, changed: { a: 2 } });
  });

  it('takes everything of an object that is not there', () => {
    expect(diff({ a: 2, b: 1 }, null, { a: 2 })).toEqual({ ...nothing, changed: { a: 2, b: 1 } });
  });
});

describe('masks', () => {
  const present = {
    url: 'https://a.example.com/?token=secret',
    static_headers: { 'x-a': 'one', 'x-b': 'two' },
    args: ['--token', 'secret', 'run'],
    credentials: { auth_value: '***' },
  };

  it('stand for what the gateway has', () => {
    const file = {
      url: 'https://a.example.com/?token=***',
      static_headers: { 'x-a': '***', 'x-b': '***' },
      args: ['--token', '***', 'run'],
      credentials: { auth_value: '***' },
    };
    expect(diff(file, present)).toEqual(nothing);
  });

  it('stay what the gateway has when something beside them changes', () => {
    const file = { static_headers: { 'x-a': '***', 'x-c': 'new' }, args: ['--token', '***', 'stop'] };
    expect(diff(file, present).changed).toEqual({
      static_headers: { 'x-a': 'one', 'x-c': 'new' },
      args: ['--token', 'secret', 'stop'],
    });
  });

  it('need something to stand for', () => {
    const file = {
      url: 'https://b.example.com/?token=***',
      static_headers: { 'x-c': '***' },
      credentials: { other: '***' },
    };
    const missing = ['url', 'static_headers.x-c', 'credentials.other'];
    expect(diff(file, present).missing).toEqual(missing);
    expect(diff(file, null).missing).toEqual(missing);
  });

  it('are no change when the file has the value itself', () => {
    expect(diff({ static_headers: { 'x-a': 'one', 'x-b': 'two' } }, present)).toEqual(nothing);
    expect(diff({ static_headers: { 'x-a': 'one', 'x-b': 'changed' } }, present).changed).toEqual({
      static_headers: { 'x-a': 'one', 'x-b': 'changed' },
    });
  });
});

describe('grants and times', () => {
  it('are compared by what they say', () => {
    const grants = { mcp_servers: ['a'] };
    const stored = { ...grants, mcp_access_groups: null, blocked_tools: [] };
    expect(diff({ object_permission: grants }, { object_permission: stored })).toEqual(nothing);
    expect(diff({ expires: '2030-01-01T00:00:00.000Z' }, { expires: '2030-01-01T00:00:03.000Z' })).toEqual(nothing);
    expect(diff({ expires: '2030-01-01T00:00:00.000Z' }, { expires: '2030-01-02T00:00:00.000Z' }).changed).toEqual({
      expires: '2030-01-01T00:00:00.000Z',
    });
  });
});

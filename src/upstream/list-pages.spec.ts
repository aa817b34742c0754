import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../common/json.js';
import { collectPages, type FetchPage } from './list-pages.js';
import type { UpstreamReply } from './upstream.types.js';

const collect = (fetchPage: FetchPage): Promise<unknown[]> => collectPages('tools/list', 'tools', fetchPage);
const page = (result: JsonObject): Promise<UpstreamReply> => Promise.resolve({ kind: 'result', result });
const BROKEN = { code: 'upstream_protocol_error', sent: 'no' };

describe('the pages of an upstream list', () => {
  it('are all read, and an empty cursor names a page too', async () => {
    const pages: Record<string, JsonObject> = {
      first: { tools: ['a'], nextCursor: '' },
      '': { tools: [], nextCursor: 'last' },
      last: { tools: ['b', 'c'] },
    };
    expect(await collect(({ cursor }) => page(pages[cursor === undefined ? 'first' : String(cursor)] ?? {}))).toEqual([
      ...['a', 'b', 'c'],
    ]);
  });

  it('are refused when they go round in circles', async () => {
    let asked = 0;
    const attempt = collect(() => page({ tools: ['a'], nextCursor: ['x', 'y'][asked++ % 2] ?? '' }));
    await expect(attempt).rejects.toMatchObject(BROKEN);
    expect(asked).toBe(3);
  });

  it('are refused when there is always another one', async () => {
    let asked = 0;
    await expect(collect(() => page({ tools: [], nextCursor: String(asked++) }))).rejects.toMatchObject(BROKEN);
    expect(asked).toBeLessThanOrEqual(101);
  });

  it('are refused when they hold too much', async () => {
    const many = Array.from({ length: 6_000 }, (_, index) => index);
    let asked = 0;
    await expect(collect(() => page({ tools: many, nextCursor: String(asked++) }))).rejects.toMatchObject(BROKEN);
    expect(asked).toBe(2);
  });

  it.each<UpstreamReply>([
    { kind: 'result', result: {} },
    { kind: 'result', result: { tools: {} } },
    { kind: 'error', error: { code: -32603, message: 'broken' } },
  ])('are refused when they are none: %j', async (reply) => {
    await expect(collect(() => Promise.resolve(reply))).rejects.toMatchObject(BROKEN);
  });
});

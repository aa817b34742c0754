import { describe, expect, it } from '@jest/globals';
import { GatehouseError } from './gatehouse-error.js';
import { nextLink, pageOf, readCursor } from './page.js';

const position = { createdAt: new Date('2026-01-31T12:00:00.123Z'), id: 'a|b' };

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

describe('pages', () => {
  it('reads the cursor of its own link', () => {
    const [, url = ''] = /^<(.*)>; rel="next"$/.exec(nextLink('/key/list', 2, position)) ?? [];
    const query = new URL(url, 'http://gateway').searchParams;
    expect(query.get('limit')).toBe('2');
    expect(readCursor(query.get('cursor') ?? '')).toEqual(position);
  });

  it.each(['', 'AAAA', ...['|x', '5', '0|\u0000', '-1|x', '-8640000000000000|x', '9e99|x', '1e3|x'].map(encoded)])(
    'refuses the cursor %p',
    (cursor) => {
      expect(() => readCursor(cursor)).toThrow(GatehouseError);
    },
  );

  it('knows the last page', () => {
    expect(pageOf([1, 2], 2, () => position)).toEqual({ items: [1, 2], next: null });
    expect(pageOf([1, 2, 3], 2, () => position)).toEqual({ items: [1, 2], next: position });
    expect(pageOf([], 2, () => position)).toEqual({ items: [], next: null });
  });
});

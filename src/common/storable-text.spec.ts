import { describe, expect, it } from '@jest/globals';
import { isStorable, unstorablePath } from './storable-text.js';

describe('text that no database holds', () => {
  it.each(['\u0000', 'a\u0000b', '\ud800', '\udc00\ud800', 'x\ud83d'])('is %j', (text) => {
    expect(isStorable(text)).toBe(false);
  });

  it.each(['', 'ä', '😀', '\u0001', '\\u0000'])('is not %j', (text) => {
    expect(isStorable(text)).toBe(true);
  });

  it('is found where it stands', () => {
    expect(unstorablePath({ a: ['x', { b: 'y\u0000' }] })).toBe('a.1.b');
    expect(unstorablePath({ a: { 'b\ud800': 1 } })).toBe('a.b\ud800');
    expect(unstorablePath('\u0000')).toBe('');
    expect(unstorablePath({ a: ['x', null, 1, true] })).toBeNull();
  });
});

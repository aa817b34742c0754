import { describe, expect, it } from '@jest/globals';
import { decodeHeaderValue } from './header-value.js';

describe('decodeHeaderValue', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['=?base64?SGVsbG8=?=', 'Hello'],
    ['=?base64?w6TDtsO8?=', 'äöü'],
    ['=?base64??=', ''],
    ['=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
    ['SGVsbG8=?=', 'SGVsbG8=?='],
    ['=?base64?=', '=?base64?='],
    ['=?BASE64?SGVsbG8=?=', '=?BASE64?SGVsbG8=?='],
  ])('%s stands for %s', (header, text) => {
    expect(decodeHeaderValue(header)).toBe(text);
  });

  it.each(['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?=', '=?base64?/w==?=', '=?base64? SGVsbG8=?='])(
    '%s stands for nothing',
    (header) => {
      expect(decodeHeaderValue(header)).toBeNull();
    },
  );
});

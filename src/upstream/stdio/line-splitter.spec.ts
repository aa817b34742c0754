import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.js';

function split(chunks: readonly string[], limit = 1_000) {
  const lines: string[] = [];
  const overlong: string[] = [];
  const splitter = new LineSplitter(
    limit,
    (line) => lines.push(line.toString()),
    (beginning) => overlong.push(beginning.toString()),
  );
  for (const chunk of chunks) splitter.feed(Buffer.from(chunk));
  return { lines, overlong };
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'ü', '€'), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 7 }), (lines, size) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const seen: string[] = [];
        const splitter = new LineSplitter(
          1_000,
          (text) => seen.push(text.toString()),
          () => undefined,
        );
        for (let at = 0; at < bytes.length; at += size) splitter.feed(bytes.subarray(at, at + size));
        expect(seen).toEqual(lines);
      }),
    );
  });

  it('keeps a line that has no end yet', () => {
    expect(split(['abc'])).toEqual({ lines: [], overlong: [] });
  });

  it('drops the rest of a line that is too long and goes on with the next', () => {
    expect(split(['abc', 'defgh', 'ijk\nnext\n'], 4)).toEqual({ lines: ['next'], overlong: ['abcd'] });
  });
});

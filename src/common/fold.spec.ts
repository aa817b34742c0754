import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fold } from './fold.js';

describe('fold', () => {
  it('is NFKC and lower case for every text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(fold(text)).toBe(text.normalize('NFKC').toLowerCase());
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves ids as they are', () => {
    expect(fold('f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001')).toBe('f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001');
    expect(fold('Ｓｅｎｄ')).toBe('send');
  });
});

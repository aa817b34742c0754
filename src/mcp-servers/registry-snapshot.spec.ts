import { describe, expect, it } from '@jest/globals';
import { referenceIndex } from './registry-snapshot.js';

const alpha = { id: 'ID-A', name: 'Alpha Server', alias: 'alpha' };
const beta = { id: 'id-b', name: 'beta', alias: null };
const find = referenceIndex([alpha, beta]);

describe('referenceIndex', () => {
  it.each([
    ['ID-A', alpha],
    ['id-a', alpha],
    ['ALPHA', alpha],
    ['alpha server', alpha],
    ['\uff42eta', beta],
    ['Beta', beta],
  ])('%s leads to its server', (reference, server) => {
    expect(find(reference)).toBe(server);
  });

  it.each(['', 'gamma', 'alph', 'alpha_server', 'constructor', '__proto__'])('%p leads nowhere', (reference) => {
    expect(find(reference)).toBeUndefined();
  });
});

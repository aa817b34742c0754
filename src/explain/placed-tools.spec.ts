import { describe, expect, it } from '@jest/globals';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import { joinPlaces } from './placed-tools.js';

const ALPHA = mcpServer({ id: 'id-alpha' });
const of = (...tools: string[]) => [{ server: ALPHA, tools }];

describe('joinPlaces', () => {
  it.each([
    ['both', of('a'), of('a'), [['anywhere', ['a']]]],
    ['inside only', of('a'), [], [['inside', ['a']]]],
    ['outside only', [], of('a'), [['outside', ['a']]]],
    [
      'some here and some there',
      of('a', 'b'),
      of('b', 'c'),
      [
        ['anywhere', ['b']],
        ['inside', ['a']],
        ['outside', ['c']],
      ],
    ],
    ['a server whose tools are not known', of(), of(), [['anywhere', []]]],
    ['nothing', [], [], []],
  ] as const)('%s', (_name, inside, outside, expected) => {
    expect(joinPlaces(inside, outside).map(({ from, tools }) => [from, tools])).toEqual(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import { parseReference, referenceText } from './level-events.js';

describe('a reference as text', () => {
  it('reads back as it was', () => {
    const references = [
      { kind: 'team' as const, id: 'a:b' },
      { kind: 'access_group' as const, id: 'ä' },
    ];
    expect(references.map(referenceText).map(parseReference)).toEqual(references);
  });

  it.each(['planet:b', 'constructor:a', 'team', ':a', ''])('names nothing that is known here when it is %j', (text) => {
    expect(parseReference(text)).toBeNull();
  });
});

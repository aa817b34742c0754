import { describe, expect, it } from '@jest/globals';
import { levelChangePayload, parseReference, readLevelChange, referenceText } from './level-events.js';

describe('events of levels', () => {
  it('carry all records of one write', () => {
    const change = {
      changed: [
        { kind: 'team' as const, id: 'a:b' },
        { kind: 'access_group' as const, id: 'ä' },
      ],
      version: 7,
    };
    expect(readLevelChange(JSON.parse(JSON.stringify(levelChangePayload(change))))).toEqual(change);
  });

  it('do not name the records of a write that is too large for one notification', () => {
    const changed = Array.from({ length: 200 }, (_, index) => ({ kind: 'user' as const, id: 'x'.repeat(50) + index }));
    expect(levelChangePayload({ changed, version: 1 })).toBeNull();
  });

  it.each([null, 'x', {}, { changed: [], version: 'x' }, { changed: 'x', version: 1 }, { changed: [1], version: 1 }])(
    'are no change when they read %j',
    (payload) => {
      expect(readLevelChange(payload)).toBeNull();
    },
  );

  it('of another program version, with a kind that is not known here, name nothing', () => {
    expect(readLevelChange({ changed: ['team:a', 'planet:b'], version: 1 })).toBeNull();
    expect(parseReference('constructor:a')).toBeNull();
    expect(parseReference(referenceText({ kind: 'user', id: 'a:b' }))).toEqual({ kind: 'user', id: 'a:b' });
  });
});

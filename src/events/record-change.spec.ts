import { describe, expect, it } from '@jest/globals';
import { readRecordChange, recordChangePayload } from './record-change.js';

describe('the announcement of a change', () => {
  it('names the records', () => {
    const change = { ids: ['a:b', 'ä'], version: 7 };
    expect(readRecordChange(JSON.parse(JSON.stringify(recordChangePayload(change))))).toEqual(change);
  });

  it('does not name those of a write that is too large for one notification', () => {
    const ids = Array.from({ length: 200 }, (_, index) => 'x'.repeat(50) + index);
    expect(recordChangePayload({ ids, version: 1 })).toBeNull();
    expect(readRecordChange(null)).toBeNull();
  });

  it.each([
    ...[null, 'x', [], {}, { ids: ['a'] }, { ids: 'a', version: 1 }],
    ...[
      { ids: ['a'], version: '1' },
      { ids: [], version: 'x' },
      { ids: ['a', 1], version: 1 },
    ],
  ])('has to be looked for in the database when it is %j', (payload) => {
    expect(readRecordChange(payload)).toBeNull();
  });
});

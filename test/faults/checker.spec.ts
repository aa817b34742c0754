import { describe, expect, it } from '@jest/globals';
import { check, forgotten } from './checker.js';
import type { CallEntry, Fault, History, KeyChange, WriteEntry } from './history.js';

const CALL: CallEntry = {
  ...{ nonce: 'n1', caller: 'ada', door: 'REST', forbidden: false, sentAt: 10_000, endedAt: 10_010 },
  ...{ outcome: 'ok', sent: null, text: 'n1' },
};
const WRITE: WriteEntry = { name: 'k1', acknowledged: true, stored: true, recorded: true, accepted: 2, asked: 2 };
const KILL: Fault = {
  ...{ kind: 'SIGKILL', from: 10_005, healedAt: 10_005, tolerates: ['broken'], graceMs: 0, forgetsMs: 500 },
};
const BLOCKED: KeyChange = { caller: 'ada', to: 'denied', startedAt: 7_000, endedAt: 7_100, acknowledged: true };

/** One call that went well, and its traces. */
const GOOD: History = {
  calls: [CALL],
  arrivals: [{ nonce: 'n1', at: 10_004 }],
  changes: [],
  writes: [WRITE],
  faults: [],
  records: new Map([['n1', 1]]),
  foreignCalls: 0,
  unexpectedExits: [],
};

const broken = (change: Partial<CallEntry>): Partial<History> => ({ calls: [{ ...CALL, ...change }] });

type Planted = readonly [what: string, guarantees: readonly string[], history: Partial<History>];
const PLANTED: readonly Planted[] = [
  ['a call without an answer', ['L1', 'available'], broken({ outcome: 'silent' })],
  ['a call that ran twice', ['L2'], { arrivals: [...GOOD.arrivals, { nonce: 'n1', at: 10_006 }] }],
  ['a call without a record', ['L3'], { records: new Map() }],
  ['a call with two records', ['L3'], { records: new Map([['n1', 2]]) }],
  [
    'a call without a record long before the kill',
    ['L3'],
    {
      records: new Map(),
      faults: [{ ...KILL, from: 20_000, healedAt: 20_000 }],
    },
  ],
  ['a lost write', ['L4'], { writes: [{ ...WRITE, stored: false, recorded: false }] }],
  ['a write that is half applied', ['L4'], { writes: [{ ...WRITE, acknowledged: false, recorded: false }] }],
  ['a write that one replica does not know', ['L4'], { writes: [{ ...WRITE, accepted: 1 }] }],
  ['a call of a blocked key', ['L5', 'available'], { changes: [BLOCKED] }],
  ['the result of another call', ['L6'], broken({ text: 'n2' })],
  ['a call in the session of another', ['L6'], { foreignCalls: 1 }],
  ['a call that was never granted', ['L9', 'available'], broken({ forbidden: true })],
  [
    'a call that was never granted, executed and refused',
    ['L9'],
    broken({ forbidden: true, outcome: 'denied', text: '' }),
  ],
  ['a failure that says "not sent"', ['L10', 'available'], broken({ outcome: 'failed', sent: 'no' })],
  ['a success that never happened', ['L10'], { arrivals: [] }],
  ['a wrong 401', ['available'], broken({ outcome: 'unauthenticated' })],
  [
    'a broken connection with no fault near',
    ['available'],
    {
      ...broken({ outcome: 'broken' }),
      faults: [{ ...KILL, from: 9_000, healedAt: 9_000 }],
    },
  ],
  ['an outcome that the fault does not explain', ['available'], { ...broken({ outcome: 'failed' }), faults: [KILL] }],
  [
    'a failure after the grace time',
    ['available'],
    {
      ...broken({ outcome: 'unavailable' }),
      faults: [{ ...KILL, from: 1_000, healedAt: 4_000, tolerates: ['unavailable'], graceMs: 5_000 }],
    },
  ],
  [
    'a refusal of an allowed key',
    ['available'],
    {
      ...broken({ outcome: 'unauthenticated' }),
      changes: [{ ...BLOCKED, to: 'allowed' }],
    },
  ],
  ['a call that was throttled for nothing', ['available'], broken({ outcome: 'throttled' })],
  ['a process that ended', ['alive'], { unexpectedExits: ['a'] }],
];

type Fine = readonly [what: string, history: Partial<History>];
const FINE: readonly Fine[] = [
  ['a call that went well', {}],
  ['a connection that the kill broke', { ...broken({ outcome: 'broken' }), faults: [KILL] }],
  ['a record that the kill took along', { records: new Map(), faults: [KILL] }],
  [
    'a write that was not acknowledged and is not there',
    {
      writes: [{ ...WRITE, acknowledged: false, stored: false, recorded: false, accepted: 0, asked: 0 }],
    },
  ],
  [
    'a failure within the grace time',
    {
      ...broken({ outcome: 'unavailable' }),
      faults: [{ ...KILL, from: 1_000, healedAt: 6_000, tolerates: ['unavailable'], graceMs: 5_000 }],
    },
  ],
  ['either answer shortly after a change', { changes: [{ ...BLOCKED, startedAt: 9_000, endedAt: 9_100 }] }],
  ['either answer after a change that may not have happened', { changes: [{ ...BLOCKED, acknowledged: false }] }],
  [
    'a refusal of a blocked key',
    {
      ...broken({ outcome: 'unauthenticated' }),
      ...{ changes: [BLOCKED], arrivals: [], records: new Map([['n1', 1]]) },
    },
  ],
];

describe('the checker', () => {
  it.each(PLANTED)('finds %s', (_, guarantees, planted) => {
    const found = check({ ...GOOD, ...planted }).map(({ guarantee }) => guarantee);
    expect(found).toEqual(guarantees);
  });

  it.each(FINE)('accepts %s', (_, history) => {
    expect(check({ ...GOOD, ...history })).toEqual([]);
  });

  it('names the calls whose record a kill took along', () => {
    expect(forgotten({ ...GOOD, records: new Map(), faults: [KILL] })).toEqual(['n1']);
    expect(forgotten(GOOD)).toEqual([]);
  });
});

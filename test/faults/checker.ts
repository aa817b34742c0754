import type { CallEntry, Fault, History, KeyChange } from './history.js';

/** A change is in force after this time. */
const IN_FORCE_MS = 2_000;

/** L1 to L6, L9 and L10 are the guarantees; `available` is what callers notice, `alive` that no process ends by itself. */
export type Guarantee = 'L1' | 'L2' | 'L3' | 'L4' | 'L5' | 'L6' | 'L9' | 'L10' | 'available' | 'alive';

export interface Violation {
  readonly guarantee: Guarantee;
  readonly what: string;
}

type Rule = (history: History) => string[];

const RULES: Readonly<Record<Guarantee, Rule>> = {
  L1: ({ calls }) => calls.filter(({ outcome }) => outcome === 'silent').map((call) => `${name(call)} got no answer`),
  L2: ({ arrivals }) => {
    const counts = countOf(arrivals.map(({ nonce }) => nonce));
    return [...counts].filter(([, count]) => count > 1).map(([nonce, count]) => `${nonce} was executed ${count} times`);
  },
  L3: unrecorded,
  L4: lostWrites,
  L5: lateAdmissions,
  L6: mixedUp,
  L9: ({ calls, arrivals }) => {
    const executed = nonces(arrivals);
    const widened = calls.filter(
      ({ forbidden, nonce, outcome }) => forbidden && (executed.has(nonce) || outcome === 'ok'),
    );
    return widened.map((call) => `${name(call)} was let through without a grant`);
  },
  L10: dishonest,
  available: unexpectedOutcomes,
  alive: ({ unexpectedExits }) => unexpectedExits.map((exit) => `${exit} ended by itself`),
};

/** What a history shows that must not be; nothing in a history that keeps every guarantee. */
export function check(history: History): Violation[] {
  return Object.entries(RULES).flatMap(([guarantee, rule]) =>
    rule(history).map((what) => ({ guarantee: guarantee as Guarantee, what })),
  );
}

/** Nonces of executed calls without a record that a fault explains, for the report. */
export function forgotten(history: History): string[] {
  return withoutRecord(history)
    .filter(({ explained }) => explained)
    .map(({ nonce }) => nonce);
}

function unrecorded(history: History): string[] {
  const missing = withoutRecord(history).filter(({ explained }) => !explained);
  const twice = [...history.records].filter(([, count]) => count > 1);
  return [
    ...missing.map(({ nonce }) => `${nonce} was executed and is not recorded`),
    ...twice.map(([nonce, count]) => `${nonce} has ${count} records`),
  ];
}

function withoutRecord({ calls, arrivals, faults, records }: History): { nonce: string; explained: boolean }[] {
  const ends = new Map(calls.map(({ nonce, endedAt }) => [nonce, endedAt]));
  return arrivals
    .filter(({ nonce }) => !records.has(nonce))
    .map(({ nonce, at }) => {
      const endedAt = ends.get(nonce) ?? at;
      const explained = faults.some(
        ({ from, forgetsMs }) => forgetsMs > 0 && at <= from && endedAt >= from - forgetsMs,
      );
      return { nonce, explained };
    });
}

function lostWrites({ writes }: History): string[] {
  return writes.flatMap(({ name, acknowledged, stored, recorded, accepted, asked }) => {
    if (acknowledged && !stored) return [`the acknowledged write of ${name} is lost`];
    if (stored !== recorded) return [`the write of ${name} is half applied: stored ${stored}, recorded ${recorded}`];
    return accepted < asked ? [`${asked - accepted} of ${asked} replicas do not know ${name}`] : [];
  });
}

function lateAdmissions({ calls, arrivals, changes }: History): string[] {
  const executed = nonces(arrivals);
  return calls
    .filter(({ nonce, outcome }) => executed.has(nonce) || outcome === 'ok')
    .filter((call) => certainState(call, changes) === 'denied')
    .map((call) => `${name(call)} was admitted more than ${IN_FORCE_MS} ms after its key was blocked`);
}

/** What must have been in force during the whole call, or null where either answer is right. */
function certainState({ caller, sentAt, endedAt }: CallEntry, changes: readonly KeyChange[]): KeyChange['to'] | null {
  const own = changes.filter((change) => change.caller === caller);
  const begun = own.filter(({ startedAt }) => startedAt <= endedAt).toSorted((a, b) => a.startedAt - b.startedAt);
  const last = begun.at(-1);
  if (last === undefined) return 'allowed';
  if (!last.acknowledged || last.endedAt + IN_FORCE_MS > sentAt) return null;
  return last.to;
}

function mixedUp({ calls, foreignCalls }: History): string[] {
  const wrong = calls.filter(({ outcome, text, nonce }) => outcome === 'ok' && text !== nonce);
  const sessions = foreignCalls > 0 ? [`${foreignCalls} calls came in the upstream session of another caller`] : [];
  return [...wrong.map((call) => `${name(call)} got the result of another call: ${call.text}`), ...sessions];
}

function dishonest({ calls, arrivals }: History): string[] {
  const executed = nonces(arrivals);
  return calls.flatMap((call) => {
    if (call.sent === 'no' && executed.has(call.nonce))
      return [`${name(call)} says that it was not sent, and was executed`];
    if (call.outcome === 'ok' && !executed.has(call.nonce)) return [`${name(call)} succeeded without being executed`];
    return [];
  });
}

function unexpectedOutcomes({ calls, faults, changes }: History): string[] {
  return calls
    .filter((call) => !isExpected(call, changes) && !isTolerated(call, faults))
    .map((call) => `${name(call)} ended as ${call.outcome} ${timing(call, faults)}: ${call.text}`);
}

function isExpected(call: CallEntry, changes: readonly KeyChange[]): boolean {
  const { outcome, forbidden } = call;
  const state = certainState(call, changes);
  const refused = outcome === 'unauthenticated' || outcome === 'throttled';
  if (state !== 'allowed' && refused) return true;
  if (state === 'denied') return false;
  return outcome === (forbidden ? 'denied' : 'ok');
}

function isTolerated({ sentAt, endedAt, outcome }: CallEntry, faults: readonly Fault[]): boolean {
  return faults.some(
    ({ from, healedAt, graceMs, tolerates }) =>
      tolerates.includes(outcome) && endedAt >= from && sentAt <= healedAt + graceMs,
  );
}

/** Where in the history it was, for whoever looks for the reason. */
function timing({ sentAt, endedAt }: CallEntry, faults: readonly Fault[]): string {
  const last = faults.filter(({ from }) => from <= endedAt).at(-1);
  if (last === undefined) return 'before any fault';
  const [since, healed] = [sentAt - last.from, sentAt - last.healedAt].map(Math.round);
  return `(sent ${since} ms after ${last.kind} began, ${healed} ms after it was healed)`;
}

function name({ nonce, caller, door }: CallEntry): string {
  return `${nonce} of ${caller} at ${door}`;
}

function nonces(arrivals: History['arrivals']): ReadonlySet<string> {
  return new Set(arrivals.map(({ nonce }) => nonce));
}

function countOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

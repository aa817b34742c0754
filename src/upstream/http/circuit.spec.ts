import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Sent } from '../../common/gatehouse-error.js';
import { cancelled, protocolError, timedOut, unavailable } from '../upstream-errors.js';
import { Circuit } from './circuit.js';

const PAUSE_MS = 100;
const OPEN = { code: 'upstream_unavailable', sent: 'no', retryAfter: 1 };

let circuit: Circuit;

beforeEach(() => {
  circuit = new Circuit(PAUSE_MS);
});

function fail(error: unknown): void {
  circuit.enter();
  circuit.failed(error);
}

function disconnect(times: number, sent: Sent = 'no'): void {
  for (let time = 0; time < times; time++) fail(unavailable(sent, 'refused'));
}

const refusal = (): unknown => {
  try {
    circuit.enter();
  } catch (error) {
    return error;
  }
  return null;
};

describe('a circuit', () => {
  it.each<Sent>(['no', 'unknown'])('opens after five calls in a row without a response (sent %s)', (sent) => {
    disconnect(4, sent);
    expect(refusal()).toBeNull();
    circuit.failed(unavailable(sent, 'refused'));
    expect(refusal()).toMatchObject(OPEN);
  });

  it('stays closed when some calls succeed between', () => {
    for (let round = 0; round < 5; round++) {
      disconnect(4);
      circuit.enter();
      circuit.succeeded();
    }
    expect(refusal()).toBeNull();
  });

  it.each([
    ['a server error', unavailable('yes', 'HTTP status 500')],
    ['a broken answer', protocolError('yes', 'garbage')],
    ['a timeout', timedOut('unknown', 'silence')],
    ['a cancellation', cancelled('unknown')],
  ])('does not open by %s', (_, error) => {
    for (let time = 0; time < 20; time++) fail(error);
    expect(refusal()).toBeNull();
  });

  it('lets one call through after the pause, and closes when that one works', async () => {
    disconnect(5);
    await pause(PAUSE_MS + 20);
    expect(refusal()).toBeNull();
    expect(refusal()).toMatchObject(OPEN);
    circuit.succeeded();
    expect([refusal(), refusal()]).toEqual([null, null]);
  });

  it('opens again when that one fails', async () => {
    disconnect(5);
    await pause(PAUSE_MS + 20);
    disconnect(1);
    expect(refusal()).toMatchObject(OPEN);
  });

  it('tries again after a call that was let through was cancelled', async () => {
    disconnect(5);
    await pause(PAUSE_MS + 20);
    fail(cancelled('no'));
    expect(refusal()).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { FailureLimiter, MAX_FAILURES } from './failure-limiter.js';

/** Lets the counting of the library, which works with promises, come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function fail(
  limiter: FailureLimiter,
  times: number,
  attempt: (index: number) => [string, string],
): Promise<void> {
  for (let index = 0; index < times; index++) {
    limiter.recordFailure(...attempt(index));
    await settled();
  }
}

describe('FailureLimiter', () => {
  it('limits a source that tries ever new keys', async () => {
    const limiter = new FailureLimiter();
    await fail(limiter, MAX_FAILURES, (index) => ['192.0.2.1', `${index}-key`]);
    expect(limiter.recordFailure('192.0.2.1', 'another')).toBeGreaterThan(0);
    expect(limiter.recordFailure('192.0.2.2', 'another')).toBeUndefined();
  });

  it('limits a beginning of a key that is tried from ever new sources', async () => {
    const limiter = new FailureLimiter();
    await fail(limiter, MAX_FAILURES, (index) => [`192.0.2.${index}`, `sk-abcde${index}`]);
    expect(limiter.recordFailure('192.0.2.200', 'sk-abcdeX')).toBeGreaterThan(0);
    expect(limiter.recordFailure('192.0.2.200', 'sk-other')).toBeUndefined();
  });

  it('takes the addresses of one IPv6 network for one source', async () => {
    const limiter = new FailureLimiter();
    await fail(limiter, MAX_FAILURES, (index) => [`2001:db8::${index + 1}`, `${index}-key`]);
    expect(limiter.recordFailure('2001:db8::ffff', 'another')).toBeGreaterThan(0);
    expect(limiter.recordFailure('2001:db8:0:1::1', 'another')).toBeUndefined();
  });

  it('does not limit a few failures', async () => {
    const limiter = new FailureLimiter();
    await fail(limiter, MAX_FAILURES - 1, () => ['192.0.2.1', 'sk-a']);
    expect(limiter.recordFailure('192.0.2.1', 'sk-a')).toBeUndefined();
  });
});

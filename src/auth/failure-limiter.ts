import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Failing attempts a minute, per source and per beginning of a key. */
export const MAX_FAILURES = 50;
const WINDOW_SECONDS = 60;
const MAX_BLOCKED = 10_000;
const PREFIX_LENGTH = 8;
/** An IPv6 customer has at least this network, so single addresses in it are no different sources. */
const IPV6_SOURCE_BITS = 64;

/**
 * Slows down guessing. It counts failures only, so a good key from the same address always works. Counting is
 * asynchronous in the library, hence an attempt is refused by what earlier ones have counted.
 */
@Injectable()
export class FailureLimiter {
  private readonly limiter = new RateLimiterMemory({ points: MAX_FAILURES, duration: WINDOW_SECONDS });
  /** Counter to the time at which it is open again. */
  private readonly blockedUntil = new LRUCache<string, number>({ max: MAX_BLOCKED });

  /** Counts a failing attempt. Returns the seconds to wait when there were too many, else undefined. */
  recordFailure(sourceAddress: string, presented: string): number | undefined {
    const counters = [`source:${sourceOf(sourceAddress)}`, `prefix:${presented.slice(0, PREFIX_LENGTH)}`];
    const waits = counters.map((counter) => this.secondsToWait(counter));
    const wait = Math.max(...waits);
    if (wait > 0) return wait;
    for (const counter of counters) this.count(counter);
    return undefined;
  }

  private secondsToWait(counter: string): number {
    const until = this.blockedUntil.get(counter);
    return until === undefined ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000));
  }

  private count(counter: string): void {
    const block = (result: RateLimiterRes): void => {
      if (result.remainingPoints <= 0) this.blockedUntil.set(counter, Date.now() + result.msBeforeNext);
    };
    this.limiter.consume(counter).then(block, (refusal: unknown) => {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      block(refusal);
    });
  }
}

function sourceOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_SOURCE_BITS}`).toString();
}

import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

/** Length of the windows in which calls are counted. */
export const WINDOW_SECONDS = 60;
/** A window that ends sooner than this is not corrected: the correction could fall into the next one. */
const LATEST_CORRECTION_MS = 1_000;

/** What counting a call gave. */
export interface Count {
  /** Calls in this window, with the one that was counted. */
  readonly used: number;
  readonly msToNextWindow: number;
  /** False: only the calls of this process were counted, although the calls of all should have been. */
  readonly complete: boolean;
}

/** Counts calls in windows of a minute. It only counts; what is too many, the caller knows. */
export abstract class CallCounters {
  /** Counts one call. Never rejects. */
  abstract count(counter: string): Promise<Count>;
  /** Takes back what was counted, as far as its window is still open. Never rejects. */
  abstract takeBack(counter: string, count: Count): Promise<void>;
}

/** Counters of this process, for a gateway that is alone. */
@Injectable()
export class MemoryCallCounters extends CallCounters {
  // The library refuses at its own number of points; the numbers here differ from level to level.
  private readonly limiter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: WINDOW_SECONDS });

  async count(counter: string): Promise<Count> {
    return countOf(await this.limiter.penalty(counter), true);
  }

  async takeBack(counter: string, count: Count): Promise<void> {
    if (isCorrectable(count)) await this.limiter.reward(counter);
  }
}

export function countOf({ consumedPoints, msBeforeNext }: RateLimiterRes, complete: boolean): Count {
  return { used: consumedPoints, msToNextWindow: msBeforeNext, complete };
}

export function isCorrectable({ msToNextWindow }: Count): boolean {
  return msToNextWindow > LATEST_CORRECTION_MS;
}

import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../../auth/principal.js';
import { CONFIG, type Config } from '../../config/config.js';
import { refusal } from '../refused-request.js';

/** Of all callers, in this process. */
const MAX_STREAMS = 50_000;
const RETRY_SECONDS = '10';

/** A stream that stays open until someone ends it. */
export interface LastingStream {
  readonly principal: Principal;
  /** Ends it in order: the gateway shuts down. */
  end(): void;
}

/** Counts the streams that stay open, so that no caller takes them all, and ends them at shutdown. */
@Injectable()
export class OpenStreams {
  private readonly open = new Set<LastingStream>();
  private readonly counts = new Map<string, number>();
  private readonly limit: number;

  constructor(@Inject(CONFIG) config: Pick<Config, 'streamsPerKey'>) {
    this.limit = config.streamsPerKey;
  }

  /**
   * To be asked before the response begins.
   * @throws RefusedRequest 429 when the caller, or the gateway, has too many
   */
  assertRoom({ id }: Principal): void {
    if (this.countOf(id) < this.limit && this.open.size < MAX_STREAMS) return;
    throw refusal('rate_limited', { headers: { 'retry-after': RETRY_SECONDS } });
  }

  enter(stream: LastingStream): void {
    const { id } = stream.principal;
    this.open.add(stream);
    this.counts.set(id, this.countOf(id) + 1);
  }

  leave(stream: LastingStream): void {
    if (!this.open.delete(stream)) return;
    const { id } = stream.principal;
    const left = this.countOf(id) - 1;
    if (left > 0) this.counts.set(id, left);
    else this.counts.delete(id);
  }

  endAll(): void {
    for (const stream of [...this.open]) stream.end();
  }

  private countOf(id: string): number {
    return this.counts.get(id) ?? 0;
  }
}

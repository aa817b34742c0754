import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CallerSeal } from '../auth/caller-seal.js';
import type { Principal } from '../auth/principal.js';
import { CONFIG, type Config } from '../config/config.js';
import { invalidParams } from './call-params.js';
import type { RpcRequest } from './json-rpc.js';

/** A request for a list. */
export interface PageRequest {
  readonly request: RpcRequest;
  readonly principal: Principal;
  /** HTTP status of a refusal. */
  readonly refusalStatus: number;
}

/** Part of a list. */
export interface Page<Entry> {
  readonly entries: readonly Entry[];
  /** Missing on the last page. */
  readonly nextCursor?: string;
}

/**
 * Cuts lists into pages. A cursor is the place of the last entry that was shown, sealed to the caller and the list; the
 * list itself is decided anew for each page, and any replica can go on with it.
 */
@Injectable()
export class ListPages {
  private readonly size: number;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'listPageSize'>,
    private readonly seal: CallerSeal,
  ) {
    this.size = config.listPageSize;
  }

  /**
   * The page that the request asks for.
   * @param keyOf what an entry is asked for by; unique in the list
   * @throws RefusedRequest `-32602` for a cursor that is not this caller's, or whose place is gone
   */
  cut<Entry>(all: readonly Entry[], keyOf: (entry: Entry) => string, asked: PageRequest): Page<Entry> {
    const start = this.startOf(all, keyOf, asked);
    const end = start + this.size;
    if (start === 0 && end >= all.length) return { entries: all };
    const entries = all.slice(start, end);
    const last = entries.at(-1);
    if (end >= all.length || last === undefined) return { entries };
    const place = JSON.stringify([end - 1, digestOf(keyOf(last))]);
    return { entries, nextCursor: this.seal.seal(place, asked.principal, asked.request.method) };
  }

  private startOf<Entry>(all: readonly Entry[], keyOf: (entry: Entry) => string, asked: PageRequest): number {
    const cursor = asked.request.params?.cursor;
    if (cursor === undefined) return 0;
    const [index, digest] = this.open(cursor, asked);
    const isLast = (entry: Entry | undefined): boolean => entry !== undefined && digestOf(keyOf(entry)) === digest;
    if (typeof index === 'number' && isLast(all[index])) return index + 1;
    // The list changed between two pages.
    const moved = all.findIndex(isLast);
    if (moved === -1) throw refusedCursor(asked);
    return moved + 1;
  }

  private open(cursor: unknown, asked: PageRequest): unknown[] {
    const sealed = typeof cursor === 'string' ? cursor : '';
    const place: unknown = JSON.parse(this.seal.open(sealed, asked.principal, asked.request.method) ?? 'null');
    if (!Array.isArray(place)) throw refusedCursor(asked);
    return place;
  }
}

/** Keys may be long URIs, and a cursor need not carry them. */
function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}

function refusedCursor({ refusalStatus, request }: PageRequest): Error {
  return invalidParams(refusalStatus, 'the cursor is not known; read the list from its start', request.id);
}

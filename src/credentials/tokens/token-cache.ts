import { LRUCache } from 'lru-cache';
import type { InjectedCredential, Refusal } from '../upstream-credential.js';

/** A token as an authorization server gave it. */
export interface IssuedToken {
  readonly accessToken: string;
  /** Seconds; null: it does not say. */
  readonly expiresIn: number | null;
}

/** Of a token that says nothing of its end. */
const DEFAULT_LIFE_S = 3_600;
/** A token is not used in its last seconds, unless it lives for less. */
const LEFT_S = 60;
const SHORTEST_USE_S = 10;
/** In this last part of its use a token is renewed while it still serves. */
const RENEWED_IN_LAST = 0.2;
/** After a failure the authorization server is left alone for this long. */
const PAUSE_MS = 1_000;

interface Entry {
  credential: InjectedCredential | null;
  usableUntil: number;
  renewAt: number;
  fetching: Promise<InjectedCredential> | null;
  failed: { readonly error: unknown; readonly until: number } | null;
}

/**
 * Tokens in memory. What is missing is fetched once for all that wait for it, and renewed ahead of its end while the old
 * one still serves.
 */
export class TokenCache {
  private readonly entries: LRUCache<string, Entry>;

  constructor(max: number) {
    this.entries = new LRUCache({ max });
  }

  /**
   * At once when a token is in memory.
   * @param identity of the credential
   * @throws what `fetch` throws
   */
  get(
    key: string,
    identity: string,
    fetch: () => Promise<IssuedToken>,
  ): InjectedCredential | Promise<InjectedCredential> {
    const entry = this.entryOf(key);
    const now = Date.now();
    if (entry.credential !== null && now < entry.usableUntil) {
      // Whoever calls next finds the new one, and nobody waits for it.
      if (now >= entry.renewAt && mayFetch(entry, now)) this.fetch(entry, identity, fetch).catch(() => undefined);
      return entry.credential;
    }
    if (entry.fetching === null && !mayFetch(entry, now)) return Promise.reject(entry.failed?.error);
    return this.fetch(entry, identity, fetch);
  }

  private entryOf(key: string): Entry {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { credential: null, usableUntil: 0, renewAt: 0, fetching: null, failed: null };
      this.entries.set(key, entry);
    }
    return entry;
  }

  private fetch(entry: Entry, identity: string, fetch: () => Promise<IssuedToken>): Promise<InjectedCredential> {
    entry.fetching ??= this.renew(entry, identity, fetch).finally(() => {
      entry.fetching = null;
    });
    return entry.fetching;
  }

  private async renew(entry: Entry, identity: string, fetch: () => Promise<IssuedToken>): Promise<InjectedCredential> {
    const asked = Date.now();
    try {
      const { accessToken, expiresIn } = await fetch();
      const useS = Math.max((expiresIn ?? DEFAULT_LIFE_S) - LEFT_S, SHORTEST_USE_S);
      const credential = bearer(identity, accessToken, (refusal) => drop(entry, credential, refusal));
      entry.credential = credential;
      entry.usableUntil = asked + useS * 1000;
      entry.renewAt = asked + useS * (1 - RENEWED_IN_LAST) * 1000;
      entry.failed = null;
      return credential;
    } catch (error) {
      entry.failed = { error, until: Date.now() + PAUSE_MS };
      throw error;
    }
  }
}

function bearer(identity: string, token: string, refused: (refusal: Refusal) => void): InjectedCredential {
  return Object.freeze({ identity, headers: Object.freeze({ authorization: `Bearer ${token}` }), refused });
}

/** What the token may not do, another one of the same kind may not do either. */
function drop(entry: Entry, refused: InjectedCredential, { status }: Refusal): void {
  if (status === 401 && entry.credential === refused) entry.credential = null;
}

function mayFetch({ failed }: Entry, now: number): boolean {
  return failed === null || now >= failed.until;
}

import { Logger } from '@nestjs/common';
import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import { messageOf } from '../../common/gatehouse-error.js';
import { TokenRefused } from './token-refused.js';

/** Age at which a key set is loaded anew: a key that the issuer removed is refused from then on. */
export const REFRESH_AFTER_MS = 5 * 60_000;
/** Age up to which a key set is used while the issuer does not answer. */
export const GRACE_MS = 15 * 60_000;
/** Least time between two attempts that unknown keys, or an issuer that does not answer, can cause. */
export const COOLDOWN_MS = 30_000;

/** What of a token's header chooses the key. */
export interface KeyRequest {
  readonly alg: string;
  readonly kid: string | undefined;
}

interface LoadedKeys {
  readonly find: LocalJWKSet;
  readonly size: number;
  readonly loadedAt: number;
}

/** The keys of one issuer: loaded when first needed, refreshed by age and for unknown key ids, never in a flood. */
export class IssuerKeys {
  private readonly logger = new Logger(IssuerKeys.name);
  private loaded: LoadedKeys | null = null;
  private refreshing: Promise<void> | null = null;
  private attemptedAt = Number.NEGATIVE_INFINITY;
  /** When the set was last refreshed because a key was not in it. */
  private missedAt = Number.NEGATIVE_INFINITY;
  private failing = false;

  /**
   * @param issuer for the log
   * @param load fetches the present key set
   */
  constructor(
    private readonly issuer: string,
    private readonly load: () => Promise<JSONWebKeySet>,
  ) {}

  /**
   * The key that a token says it was signed with.
   * @throws TokenRefused when there is no such key, or no key set that may still be used
   */
  async find(request: KeyRequest): Promise<CryptoKey> {
    const before = this.loaded;
    const present = await this.current();
    const key = await match(present, request);
    if (key !== null) return key;
    if (present !== before) this.missedAt = Date.now();
    else if (await this.refreshForMissing()) {
      const refreshed = this.loaded === null ? null : await match(this.loaded, request);
      if (refreshed !== null) return refreshed;
    }
    throw new TokenRefused('the issuer has no such key');
  }

  private async current(): Promise<LoadedKeys> {
    const age = this.age();
    if (this.loaded !== null && age < REFRESH_AFTER_MS) return this.loaded;
    if (this.refreshing !== null || Date.now() - this.attemptedAt >= COOLDOWN_MS) {
      const refreshed = this.refresh();
      // An issuer that has not answered before is not waited for again as long as its keys may be used.
      if (!this.failing || age >= GRACE_MS) await refreshed;
    }
    if (this.loaded !== null && this.age() < GRACE_MS) return this.loaded;
    throw new TokenRefused('the key set of the issuer cannot be had');
  }

  /** False when it was refreshed for a missing key a moment ago. */
  private async refreshForMissing(): Promise<boolean> {
    if (this.refreshing === null && Date.now() - this.missedAt < COOLDOWN_MS) return false;
    this.missedAt = Date.now();
    await this.refresh();
    return true;
  }

  /** Never rejects. Several callers share one attempt. */
  private refresh(): Promise<void> {
    this.refreshing ??= this.attempt().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async attempt(): Promise<void> {
    this.attemptedAt = Date.now();
    try {
      const set = await this.load();
      this.loaded = { find: createLocalJWKSet(set), size: set.keys.length, loadedAt: Date.now() };
      this.failing = false;
    } catch (error) {
      this.failing = true;
      this.logger.warn(`The key set of the issuer ${this.issuer} cannot be loaded: ${messageOf(error)}`);
    }
  }

  private age(): number {
    return this.loaded === null ? Number.POSITIVE_INFINITY : Date.now() - this.loaded.loadedAt;
  }
}

/** Without a key id the key is only clear when there is but one. */
async function match({ find, size }: LoadedKeys, { alg, kid }: KeyRequest): Promise<CryptoKey | null> {
  if (kid === undefined && size !== 1) throw new TokenRefused('the token does not say which key signed it');
  try {
    return await find(kid === undefined ? { alg } : { alg, kid });
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return null;
    throw error;
  }
}

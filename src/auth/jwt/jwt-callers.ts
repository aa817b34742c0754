import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { messageOf } from '../../common/gatehouse-error.js';
import { KeyDirectory } from '../key-directory.js';
import { PrincipalAssembler } from '../principal-assembler.js';
import type { Principal } from '../principal.js';
import { LEEWAY_SECONDS } from './access-token.js';
import { keepSubjectToken } from './subject-tokens.js';
import { JwtVerifier, type VerifiedToken } from './jwt-verifier.js';

/** Time after which the signature of a token is verified again, by the keys of then. */
export const TRUST_MS = 60_000;
const MAX_REMEMBERED = 10_000;

interface RememberedToken {
  readonly token: VerifiedToken;
  readonly trustedUntil: number;
}

/** The callers behind access tokens. Remembers verified tokens by the hash of the whole token. */
@Injectable()
export class JwtCallers {
  private readonly logger = new Logger(JwtCallers.name);
  private readonly remembered = new LRUCache<string, RememberedToken>({ max: MAX_REMEMBERED });
  private readonly verifying = new Map<string, Promise<VerifiedToken | null>>();

  constructor(
    private readonly verifier: JwtVerifier,
    @Inject(KeyDirectory) private readonly keys: Pick<KeyDirectory, 'find' | 'findByAlias'>,
    private readonly assembler: PrincipalAssembler,
  ) {}

  /**
   * Who presents this token? null: it is not good. A promise only when the token has to be verified.
   * @param hash SHA-256 of the whole token in hex
   * @param customerId as the request names it; a customer that the token names takes its place
   */
  find(token: string, hash: string, customerId: string | null): Principal | null | Promise<Principal | null> {
    if (!this.verifier.isEnabled) return null;
    const known = this.remembered.get(hash);
    const now = Date.now();
    if (known !== undefined && now < known.trustedUntil) {
      return now < known.token.expiresAt ? withToken(this.callerOf(known.token, customerId), token) : null;
    }
    return this.verified(token, hash).then((good) =>
      good === null ? null : withToken(this.callerOf(good, customerId), token),
    );
  }

  /** Requests that come together share one verification, and so one identity. */
  private verified(token: string, hash: string): Promise<VerifiedToken | null> {
    const running = this.verifying.get(hash);
    if (running !== undefined) return running;
    const verification = this.verify(token, hash).finally(() => this.verifying.delete(hash));
    this.verifying.set(hash, verification);
    return verification;
  }

  private async verify(token: string, hash: string): Promise<VerifiedToken | null> {
    try {
      const verified = await this.verifier.verify(token);
      // The same token says the same: callers keep their identity, and with it what was decided for them.
      const kept = this.remembered.get(hash)?.token ?? verified;
      this.remembered.set(hash, { token: kept, trustedUntil: Date.now() + TRUST_MS });
      return kept;
    } catch (error) {
      this.remembered.delete(hash);
      this.logger.debug(`An access token is refused: ${messageOf(error)}`);
      return null;
    }
  }

  private callerOf({ claims, subject, keyReference }: VerifiedToken, named: string | null): Principal | null {
    const customerId = subject.customerId ?? named;
    if (keyReference !== null) {
      const key = this.keys.find(keyReference) ?? this.keys.findByAlias(keyReference);
      return key === undefined ? null : this.assembler.ofKey(key, customerId, claims);
    }
    return this.assembler.ofSubject(customerId === subject.customerId ? subject : { ...subject, customerId });
  }
}

function withToken(caller: Principal | null, token: string): Principal | null {
  if (caller !== null) keepSubjectToken(caller, token);
  return caller;
}

/** True for callers without a token, and as long as the token is not expired. */
export function isTokenAlive({ jwtClaims }: Principal): boolean {
  if (jwtClaims === null) return true;
  const { exp } = jwtClaims;
  return typeof exp === 'number' && Date.now() < (exp + LEEWAY_SECONDS) * 1000;
}

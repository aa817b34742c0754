import { Inject, Injectable } from '@nestjs/common';
import * as crypto from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { CONFIG, type Config } from '../config/config.js';
import { readCredential, type CredentialHeader } from './credential.js';
import { FailureLimiter } from './failure-limiter.js';
import { KeyDirectory, type KnownKey } from './key-directory.js';
import { MASTER_PRINCIPAL } from './key-principal.js';
import { isKey } from './key-token.js';
import type { Principal } from './principal.js';

export interface Authenticated {
  readonly ok: true;
  readonly principal: Principal;
  /** The header that carried the credential. It must never be forwarded. */
  readonly credentialHeader: CredentialHeader;
}

export interface NotAuthenticated {
  readonly ok: false;
  /** Something was sent, and it is not valid. */
  readonly presented: boolean;
  /** Seconds to wait; set when there were too many failing attempts, which is a 429 instead of a 401. */
  readonly retryAfter?: number;
}

export type AuthenticationResult = Authenticated | NotAuthenticated;

/**
 * Who calls? Every door asks here, before it looks at anything else of a request. Works on memory only, and tells
 * nothing of why a credential is not good: unknown, blocked, expired and malformed ones fail alike.
 */
@Injectable()
export class CallerAuthenticator {
  private readonly masterDigest: Buffer;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly keys: KeyDirectory,
    private readonly failures: FailureLimiter,
  ) {
    this.masterDigest = digest(config.masterKey.reveal());
  }

  /**
   * @param sourceAddress where the request comes from, for counting failing attempts; empty when not known
   * @param rawHeaders `request.rawHeaders`; without them a second `Authorization` header is ignored, not refused
   */
  authenticate(
    headers: IncomingHttpHeaders,
    sourceAddress: string,
    rawHeaders: readonly string[] = [],
  ): AuthenticationResult {
    const credential = readCredential(headers, rawHeaders);
    if (credential === null) return { ok: false, presented: false };
    const principal = this.principalOf(credential.token);
    if (principal !== null) return { ok: true, principal, credentialHeader: credential.header };
    const retryAfter = this.failures.recordFailure(sourceAddress, credential.token);
    return retryAfter === undefined ? { ok: false, presented: true } : { ok: false, presented: true, retryAfter };
  }

  /** Is this very principal still what its credential stands for? Open streams and sessions ask again and again. */
  isCurrent(principal: Principal): boolean {
    if (principal === MASTER_PRINCIPAL) return true;
    if (principal.keyHash === null) return false;
    const known = this.keys.find(principal.keyHash);
    return known !== undefined && known.principal === principal && isUsable(known);
  }

  private principalOf(token: string): Principal | null {
    if (token === '') return null;
    // The same SHA-256 serves the comparison in constant time and the look-up.
    const presented = digest(token);
    if (crypto.timingSafeEqual(presented, this.masterDigest)) return MASTER_PRINCIPAL;
    if (!isKey(token)) return null;
    const known = this.keys.find(presented.toString('hex'));
    return known !== undefined && isUsable(known) ? known.principal : null;
  }
}

function isUsable(key: KnownKey): boolean {
  return !key.blocked && Date.now() < key.expiresAt;
}

function digest(token: string): Buffer {
  return crypto.hash('sha256', token, 'buffer');
}

import { Inject, Injectable } from '@nestjs/common';
import * as crypto from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { CONFIG, type Config } from '../config/config.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { readCredential, type CredentialHeader, type PresentedCredential } from './credential.js';
import { readCustomerId } from './customer-id.js';
import { FailureLimiter } from './failure-limiter.js';
import { KeyDirectory } from './key-directory.js';
import { isTokenAlive, JwtCallers } from './jwt/jwt-callers.js';
import { hasJwtForm } from './jwt/token-outline.js';
import { isKey } from './key-token.js';
import type { Principal } from './principal.js';
import { PrincipalAssembler } from './principal-assembler.js';

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
 * Who calls? Every door asks here, before it looks at anything else of a request. Works on memory only, but for access
 * tokens that have to be verified, and tells nothing of why a credential is not good: unknown, blocked, expired and
 * malformed ones fail alike.
 */
@Injectable()
export class CallerAuthenticator {
  private readonly masterDigest: Buffer;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly keys: KeyDirectory,
    private readonly failures: FailureLimiter,
    private readonly assembler: PrincipalAssembler,
    private readonly tokens: JwtCallers,
  ) {
    this.masterDigest = digest(config.masterKey.reveal());
  }

  /**
   * The answer is a promise only for an access token that has to be verified.
   * @param sourceAddress where the request comes from, for counting failing attempts; empty when not known
   * @param rawHeaders `request.rawHeaders`; without them a second `Authorization` header is ignored, not refused
   * @throws GatehouseError `invalid_request` when the credential is good and the header that names the customer is not
   */
  authenticate(
    headers: IncomingHttpHeaders,
    sourceAddress: string,
    rawHeaders: readonly string[] = [],
  ): AuthenticationResult | Promise<AuthenticationResult> {
    const credential = readCredential(headers, rawHeaders);
    if (credential === null) return { ok: false, presented: false };
    const customerId = readCustomerId(headers);
    const answer = (principal: Principal | null): AuthenticationResult => {
      if (principal === null) return this.failed(credential, sourceAddress);
      if (customerId === undefined) throw unusableCustomer();
      return { ok: true, principal, credentialHeader: credential.header };
    };
    const principal = this.principalOf(credential.token, customerId ?? null);
    return principal instanceof Promise ? principal.then(answer) : answer(principal);
  }

  /** Is this text a credential of the gateway, whoever presents it, and even if it is blocked? */
  knows(token: string): boolean | Promise<boolean> {
    if (token === '') return false;
    const presented = digest(token);
    if (crypto.timingSafeEqual(presented, this.masterDigest)) return true;
    const hash = presented.toString('hex');
    if (this.keys.find(hash) !== undefined) return true;
    if (!hasJwtForm(token)) return false;
    const caller = this.tokens.find(token, hash, null);
    return caller instanceof Promise ? caller.then((found) => found !== null) : caller !== null;
  }

  /** Is this very principal still what its credential stands for? */
  isCurrent(principal: Principal): boolean {
    return isTokenAlive(principal) && this.assembler.isCurrent(principal);
  }

  /**
   * Can the caller behind a principal still call? Unlike {@link isCurrent} true when something about the caller changed
   * that leaves it its credential. Open streams ask again and again.
   */
  isValid(principal: Principal): boolean {
    return isTokenAlive(principal) && this.assembler.isValid(principal);
  }

  /** The caller that stands behind a principal now, with the rights of now; null: it is not let in any more. */
  currentOf(principal: Principal): Principal | null {
    return isTokenAlive(principal) ? this.assembler.currentOf(principal) : null;
  }

  /**
   * Can the next request of a caller be a good one without a new key? What ends sessions must not be more: an access
   * token is followed by the next one, and a request names the customer anew.
   */
  mayReturn(principal: Principal): boolean {
    return this.assembler.hasUsableKey(principal);
  }

  private principalOf(token: string, customerId: string | null): Principal | null | Promise<Principal | null> {
    if (token === '') return null;
    // The same SHA-256 serves the comparison in constant time and the look-ups.
    const presented = digest(token);
    if (crypto.timingSafeEqual(presented, this.masterDigest)) return this.assembler.ofMaster(customerId);
    if (hasJwtForm(token)) return this.tokens.find(token, presented.toString('hex'), customerId);
    if (!isKey(token)) return null;
    const known = this.keys.find(presented.toString('hex'));
    return known === undefined ? null : this.assembler.ofKey(known, customerId);
  }

  private failed({ token }: PresentedCredential, sourceAddress: string): NotAuthenticated {
    // All tokens of an issuer begin alike, so their beginning would put good callers' expired ones with an attacker's.
    const counted = hasJwtForm(token) ? digest(token).toString('hex') : token;
    const retryAfter = this.failures.recordFailure(sourceAddress, counted);
    return retryAfter === undefined ? { ok: false, presented: true } : { ok: false, presented: true, retryAfter };
  }
}

function unusableCustomer(): GatehouseError {
  return new GatehouseError(
    'invalid_request',
    'The header that names the customer must hold 1 to 256 visible ASCII characters, once.',
  );
}

function digest(token: string): Buffer {
  return crypto.hash('sha256', token, 'buffer');
}

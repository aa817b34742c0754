import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { claimAt, type Claims } from '../../auth/jwt/token-claims.js';
import type { HookPrincipal } from '../../hooks/hook.types.js';
import type { JwtSignerSettings } from './jwt-signer.settings.js';

/** What stands in a token for the gateway itself. */
export const GATEWAY_SUBJECT = 'gatehouse';
/** Hexadecimal digits that stand for a key. */
const KEY_DIGITS = 16;
const NO_SCOPE_CHARACTER = /[^\x21\x23-\x24\x26-\x5b\x5d-\x7e]/gu;

/** Whom and what a token is about. */
export interface TokenFacts {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlSeconds: number;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly tokenId: string;
  readonly scope: string;
  readonly principal: HookPrincipal;
  /** Address of the user as the gateway knows it. */
  readonly userEmail: string | null;
  /** Verified claims of the incoming token; null: there is none. */
  readonly incoming: Claims | null;
}

type ClaimSettings = Pick<
  JwtSignerSettings,
  'end_user_claim_sources' | 'add_claims' | 'set_claims' | 'remove_claims' | 'optional_claims'
>;

/** The claims of a token, in the order of LiteLLM: computed, copied, added, set, removed. */
export function claimsFor(settings: ClaimSettings, facts: TokenFacts): JWTPayload {
  const { principal, incoming } = facts;
  const claims: Record<string, unknown> = {
    iss: facts.issuer,
    aud: facts.audience,
    iat: facts.now,
    nbf: facts.now,
    exp: facts.now + facts.ttlSeconds,
    jti: facts.tokenId,
    sub: subjectOf(settings.end_user_claim_sources, facts),
    act: { sub: principal.teamId ?? principal.organizationId ?? GATEWAY_SUBJECT },
    scope: facts.scope,
  };
  const email = emailOf(facts);
  if (email !== null) claims['email'] = email;
  if (principal.customerId !== null) claims['end_user_id'] = principal.customerId;
  for (const name of settings.optional_claims) addIfAbsent(claims, name, incoming?.[name]);
  for (const [name, value] of Object.entries(settings.add_claims)) addIfAbsent(claims, name, value);
  Object.assign(claims, settings.set_claims);
  for (const name of settings.remove_claims) delete claims[name];
  return claims;
}

/** Scope for calling one tool. Upstreams choose the names of tools, so a name must not make a scope of its own. */
export function scopeOfCall(tool: string): string {
  return `mcp:tools/call mcp:tools/${tool.replace(NO_SCOPE_CHARACTER, encodeURIComponent)}:call`;
}

/** Scope for listing tools. */
export const LIST_SCOPE = 'mcp:tools/list mcp:tools/call';

function subjectOf(sources: readonly string[], facts: TokenFacts): string {
  for (const source of sources) {
    const value = valueOf(source, facts);
    if (value !== null) return value;
  }
  const { keyHash } = facts.principal;
  return keyHash === null ? GATEWAY_SUBJECT : `apikey:${hash('sha256', keyHash, 'hex').slice(0, KEY_DIGITS)}`;
}

function valueOf(source: string, { principal, incoming, userEmail }: TokenFacts): string | null {
  const name = source.slice(source.indexOf(':') + 1);
  if (source.startsWith('token:')) return incoming === null ? null : textOf(claimAt(incoming, name));
  const known: Record<string, string | null> = {
    user_id: principal.userId,
    email: userEmail,
    end_user_id: principal.customerId,
    team_id: principal.teamId,
  };
  return known[name] ?? null;
}

/** The address of whoever the incoming token is about; one that was not verified is nobody's. */
function emailOf({ incoming, userEmail }: TokenFacts): string | null {
  const email = incoming?.['email_verified'] === false ? null : textOf(incoming?.['email']);
  return email ?? userEmail;
}

function addIfAbsent(claims: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined && !Object.hasOwn(claims, name)) claims[name] = value;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

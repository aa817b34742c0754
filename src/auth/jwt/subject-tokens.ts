import { Secret } from '../../common/secret.js';
import type { Principal } from '../principal.js';

/** Beside the callers and not in them: what holds a caller shows no token. */
const tokens = new WeakMap<Principal, Secret<string>>();

/** Keeps the access token that a caller was found by, as long as the caller. */
export function keepSubjectToken(principal: Principal, token: string): void {
  if (!tokens.has(principal)) tokens.set(principal, new Secret(token));
}

/** The access token behind a caller, for authorization servers that exchange it; null: the caller came with a key. */
export function subjectTokenOf(principal: Principal): Secret<string> | null {
  return tokens.get(principal) ?? null;
}

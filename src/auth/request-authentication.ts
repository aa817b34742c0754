import type { IncomingMessage } from 'node:http';
import type { AuthenticationResult } from './caller-authenticator.js';
import type { Principal } from './principal.js';

/** Answers of the authenticator, kept as long as their requests. */
const results = new WeakMap<IncomingMessage, AuthenticationResult>();

/** Keeps what the authenticator said of a request, so that a failing attempt is counted once. */
export function keepAuthentication(request: IncomingMessage, result: AuthenticationResult): void {
  results.set(request, result);
}

/** What the authenticator said of a request; undefined: it was not asked. */
export function authenticationOf(request: IncomingMessage): AuthenticationResult | undefined {
  return results.get(request);
}

/** The caller of a request when its credential is of this kind, else false, as passport wants it. */
export function principalOfKind(request: IncomingMessage, kind: Principal['kind']): Principal | false {
  const result = results.get(request);
  return result?.ok === true && result.principal.kind === kind ? result.principal : false;
}

import type { Principal } from '../auth/principal.js';
import type { HookPrincipal } from './hook.types.js';

/** The caller as hooks see it. Frozen. */
export function principalView(principal: Principal): HookPrincipal {
  return Object.freeze({
    userId: principal.userId,
    teamId: principal.teamId,
    organizationId: principal.organizationId,
    customerId: principal.customerId,
    agentId: principal.agentId,
    keyHash: principal.keyHash,
    keyAlias: principal.keyAlias,
    roles: Object.freeze([principal.role]),
    jwtClaims: principal.jwtClaims,
  });
}

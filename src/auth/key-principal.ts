import type { Principal } from './principal.js';

/** The caller behind the master key. */
export const MASTER_PRINCIPAL: Principal = Object.freeze<Principal>({
  kind: 'master_key',
  id: 'master',
  role: 'proxy_admin',
  keyHash: null,
  keyAlias: null,
  userId: null,
  teamId: null,
  organizationId: null,
  customerId: null,
  agentId: null,
  allowedRoutes: [],
  guardrails: [],
  jwtClaims: null,
  levels: [],
  levelMissing: false,
});

import type { VirtualKeyEntity } from './key.entity.js';
import type { Principal } from './principal.js';

/** The caller behind a virtual key. A key without a user is an ordinary caller. */
export function principalOfKey(key: VirtualKeyEntity): Principal {
  return Object.freeze<Principal>({
    kind: 'virtual_key',
    id: key.token,
    role: 'internal_user',
    keyHash: key.token,
    keyAlias: key.key_alias,
    userId: null,
    teamId: null,
    organizationId: null,
    customerId: null,
    agentId: null,
    allowedRoutes: key.allowed_routes,
    guardrails: guardrailsOf(key),
    jwtClaims: null,
    levels: [
      {
        kind: 'key',
        id: key.token,
        objectPermission: key.object_permission,
        accessGroupIds: [],
        closed: key.permission_closed,
      },
    ],
    levelMissing: false,
  });
}

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

function guardrailsOf(key: VirtualKeyEntity): readonly string[] {
  const named = key.metadata['guardrails'];
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
}

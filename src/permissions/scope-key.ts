import { createHash } from 'node:crypto';
import { coversRoute } from '../auth/allowed-routes.js';
import type { Principal } from '../auth/principal.js';
import type { AccessRequest } from './access-request.js';

/**
 * Equal for two requests of one caller exactly when the decision cannot differ. The text that callers choose comes
 * last, so no spelling of one scope can be taken for another.
 */
export function scopeKey(principal: Principal, request: AccessRequest): string {
  const { scope, serversHeader, external } = request;
  if (!coversRoute(principal.allowedRoutes, request.route, request.method)) return 'route';
  const origin = `${external ? 'external' : 'internal'}${presentedKey(request)}`;
  switch (scope.kind) {
    case 'all':
      return serversHeader === null ? `${origin}:all` : `${origin}:header:${serversHeader}`;
    case 'server':
      return `${origin}:server:${scope.reference}`;
    case 'list':
      return `${origin}:list:${JSON.stringify(scope.references)}`;
    case 'toolset':
      return `${origin}:toolset:${scope.name}`;
  }
}

/** The decision carries what the request brings for upstreams, so it is one of its own; only a digest is remembered. */
function presentedKey({ presented }: AccessRequest): string {
  if (presented === undefined || Object.keys(presented).length === 0) return '';
  return `:${createHash('sha256').update(JSON.stringify(presented)).digest('base64')}`;
}

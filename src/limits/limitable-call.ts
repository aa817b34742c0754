import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';

/** What the road hands to the limit guard, as first argument of the handler that the guard is bound to. */
export interface LimitableCall {
  readonly principal: Principal;
  readonly target: { readonly access: { readonly server: McpServer } };
  /** Set for a call that is only tried out. */
  readonly rehearsal?: object | null;
}

/** True when the value has the members that the guard works with. */
export function isLimitableCall(value: unknown): value is LimitableCall {
  if (!isObject(value) || !('principal' in value && 'target' in value)) return false;
  const { principal, target } = value;
  if (!isObject(principal) || !('levels' in principal && Array.isArray(principal.levels))) return false;
  return isObject(target) && 'access' in target && isObject(target.access) && 'server' in target.access;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

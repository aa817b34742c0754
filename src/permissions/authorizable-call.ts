import type { Principal } from '../auth/principal.js';
import { isJsonObject, type JsonObject } from '../common/json.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { ServerAccess } from './access-decision.js';
import type { AuthorizedCall } from './authorized-call.js';

/**
 * What the road hands to the permission guard, as first argument of the handler that the guard is bound to. The
 * guard answers by filling in `authorized`.
 */
export interface AuthorizableCall {
  readonly principal: Principal;
  readonly target: { readonly access: ServerAccess; readonly tool: ToolDefinition };
  /** The tool as the caller wrote it: a refusal repeats this name and shows no other. */
  readonly publicName: string;
  readonly arguments: Readonly<JsonObject>;
  /** Names of arguments that the caller gave although the toolset fixes them. Missing: none. */
  readonly overridden?: readonly string[];
  authorized: AuthorizedCall | null;
}

/** True when the value has the members that the guard works with. */
export function isAuthorizableCall(value: unknown): value is AuthorizableCall {
  if (typeof value !== 'object' || value === null) return false;
  if (!('principal' in value && 'target' in value && 'publicName' in value)) return false;
  if (!('arguments' in value && 'authorized' in value)) return false;
  if (!isObject(value.principal) || typeof value.publicName !== 'string') return false;
  return isTarget(value.target) && isJsonObject(value.arguments);
}

function isTarget(value: unknown): boolean {
  return isObject(value) && 'access' in value && 'tool' in value && isObject(value.access) && isObject(value.tool);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

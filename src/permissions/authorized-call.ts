import type { Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { ServerAccess } from './access-decision.js';
import { checkArguments, type ArgumentRefusal } from './argument-check.js';

/** Held by this file alone, so nothing outside of it can construct an {@link AuthorizedCall}. */
const CONSTRUCTION_TOKEN = Symbol('authorized-call');

interface CallParts {
  readonly principal: Principal;
  readonly tool: ToolDefinition;
  readonly arguments: Readonly<JsonObject>;
}

/**
 * Proof that a call was authorised with exactly these arguments. Backends take nothing else, so a way around the
 * permission check does not compile: the class is nominal (it has a private member), its constructor is private, and
 * the only two functions that make one, {@link authorizeCall} and {@link reauthorizeCall}, check first.
 */
export class AuthorizedCall {
  readonly #access: ServerAccess;
  readonly principal: Principal;
  readonly server: McpServer;
  readonly tool: ToolDefinition;
  readonly arguments: Readonly<JsonObject>;
  /** An argument rule wants a person to decide before the call is sent; null: none does. */
  readonly asks: ArgumentRefusal | null;

  private constructor(
    token: typeof CONSTRUCTION_TOKEN,
    access: ServerAccess,
    parts: CallParts,
    asks: ArgumentRefusal | null,
  ) {
    if (token !== CONSTRUCTION_TOKEN) throw new TypeError('An AuthorizedCall is made by permissions only');
    this.#access = access;
    this.principal = parts.principal;
    this.server = access.server;
    this.tool = parts.tool;
    this.arguments = parts.arguments;
    this.asks = asks;
  }

  /** Tells it from requests of other kinds. */
  get method(): 'tools/call' {
    return 'tools/call';
  }

  /** @internal reached through {@link authorizeCall}, which alone can name the token. */
  static make(
    token: typeof CONSTRUCTION_TOKEN,
    access: ServerAccess,
    parts: CallParts,
    asks: ArgumentRefusal | null,
  ): AuthorizedCall {
    return new AuthorizedCall(token, access, parts, asks);
  }

  /** @internal reached through {@link reauthorizeCall}. */
  static accessOf(token: typeof CONSTRUCTION_TOKEN, call: AuthorizedCall): ServerAccess {
    if (token !== CONSTRUCTION_TOKEN) throw new TypeError('The grant of a call is known to permissions only');
    return call.#access;
  }
}

/**
 * Authorises one call under a grant that the evaluator gave.
 * @throws GatehouseError `unknown_tool` when the tool is not granted: the same answer as for one that does not exist;
 *   `invalid_arguments` when a rule of the key, the team or the server forbids the arguments.
 */
export function authorizeCall(access: ServerAccess, parts: CallParts): AuthorizedCall {
  if (!access.allowsTool(parts.tool.name)) throw unknownTool(parts.tool.name);
  const { principal, tool, arguments: sent } = parts;
  const asks = checkArguments(access, { principal, tool: tool.name, arguments: sent });
  return AuthorizedCall.make(CONSTRUCTION_TOKEN, access, parts, asks);
}

/** Authorises the same call again with the arguments that will really be sent. */
export function reauthorizeCall(call: AuthorizedCall, changed: Readonly<JsonObject>): AuthorizedCall {
  const access = AuthorizedCall.accessOf(CONSTRUCTION_TOKEN, call);
  return authorizeCall(access, { principal: call.principal, tool: call.tool, arguments: changed });
}

/** The refusal for a tool that does not exist or is not granted: one text for both. */
export function unknownTool(name: string): GatehouseError {
  return new GatehouseError('unknown_tool', `Unknown tool: ${name}`, { sent: 'no' });
}

import type { Principal } from '../auth/principal.js';
import type { Role } from '../common/role.js';
import type { JsonObject } from '../common/json.js';
import type { CallOrigin, HookPrincipal, ToolCallResult, ToolCallView, UpstreamMessage } from '../hooks/hook.types.js';

/** What would have been sent to the upstream. */
export interface SentCall {
  readonly tool: string;
  readonly arguments: Readonly<JsonObject>;
  /** What the hooks added, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A call to try guardrails on, made up or recorded: plain data that can be kept as JSON. Only `tool` is required;
 * everything that hooks see of a call can be given.
 */
export interface MadeUpCall {
  /** Upstream name of the tool. */
  readonly tool: string;
  /** Default: none. */
  readonly arguments?: object;
  /** Default: a server named `server`. */
  readonly server?: string | Partial<ToolCallView['server']>;
  /** Default: the name of the server, `-`, the tool. */
  readonly publicName?: string;
  /** Default `mcp`. */
  readonly origin?: CallOrigin;
  /** Members that are left out are null; `roles` is `['internal_user']` then. */
  readonly principal?: Partial<HookPrincipal>;
  /** Headers of the caller's request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Input schema of the tool, which changed arguments must fit. Default: any object fits. */
  readonly inputSchema?: object;
  /** `stdio`: the upstream cannot carry headers. Default `http`. */
  readonly transport?: 'http' | 'stdio';
  /** What the upstream answers, or a function that answers. Default: one text, `ok`. */
  readonly result?: object | ((sent: SentCall) => object | Promise<object>);
  /** A JSON-RPC error in place of a result. */
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  /** Progress and log notifications of the upstream. */
  readonly messages?: readonly { readonly method: string; readonly params: object }[];
}

/** A list of tools to try list hooks on. */
export interface MadeUpList {
  readonly tools: readonly {
    /** Upstream name. */
    readonly tool: string;
    readonly server?: string | Partial<ToolCallView['server']>;
    readonly publicName?: string;
    readonly title?: string | null;
    readonly description?: string | null;
    readonly inputSchema?: object;
  }[];
  readonly principal?: Partial<HookPrincipal>;
  readonly origin?: CallOrigin;
}

/** A copy through JSON, as a call comes from a door: what is frozen on the road is not the author's own object. */
export function jsonOf<T extends object>(value: T): T & JsonObject {
  return JSON.parse(JSON.stringify(value)) as T & JsonObject;
}

/** The messages as the upstream would send them. */
export function messagesOf({ messages = [] }: MadeUpCall): UpstreamMessage[] {
  return messages.map(({ method, params }) => ({ method, params: jsonOf(params) }));
}

/** The server of a made-up call or tool. */
export function serverOf(server: MadeUpCall['server'] = 'server'): ToolCallView['server'] {
  const { id, name = null, alias = null } = typeof server === 'string' ? { name: server } : server;
  return { id: id ?? name ?? alias ?? 'server', name, alias };
}

/** The caller, with nothing of it but what hooks can see. */
export function principalOf(view: Partial<HookPrincipal> = {}): Principal {
  const { userId = null, teamId = null, organizationId = null, customerId = null, agentId = null } = view;
  const { keyHash = null, keyAlias = null, jwtClaims = null, roles = ['internal_user'] } = view;
  return {
    kind: jwtClaims === null ? 'virtual_key' : 'jwt',
    id: keyHash ?? 'made-up',
    role: (roles[0] ?? 'internal_user') as Role,
    ...{ userId, teamId, organizationId, customerId, agentId, keyHash, keyAlias, jwtClaims },
    ...{ allowedRoutes: [], guardrails: [], levels: [], levelMissing: false },
  };
}

/** What the upstream answers when the call does not say. */
export const DEFAULT_RESULT: ToolCallResult = { content: [{ type: 'text', text: 'ok' }] };

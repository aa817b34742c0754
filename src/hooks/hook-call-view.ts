import type { HookedCall } from './hooked-call.js';
import type { CallOrigin, HookPrincipal, ToolCallView } from './hook.types.js';
import { principalView } from './principal-view.js';
import type { JsonObject } from '../common/json.js';

/** Request headers that carry a credential or a session and that no hook gets to see. */
const CREDENTIAL_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-gatehouse-api-key',
  'x-litellm-api-key',
  'x-api-key',
  'x-mcp-auth',
  'x-mcp-channel-token',
  'mcp-session-id',
]);
const BEARER = /^Bearer +(\S+) *$/i;
const CREDENTIAL_HEADER_PATTERN = /^x-mcp-.+-authorization$/;

/**
 * The frozen view that one hook gets of a call. Members that cost something and that few hooks read (headers,
 * principal, signal) are made when they are first read; private fields stay writable on a frozen object.
 */
export class HookCallView implements ToolCallView {
  readonly callId: string;
  readonly origin: CallOrigin;
  readonly server: ToolCallView['server'];
  readonly tool: string;
  readonly publicName: string;
  readonly arguments: Readonly<JsonObject>;
  readonly #call: HookedCall;
  #headers: Readonly<Record<string, string>> | null = null;
  #principal: HookPrincipal | null = null;
  #controller: AbortController | null = null;
  #unlink: (() => void) | null = null;
  #timedOut = false;

  /** `call.arguments` must be deeply frozen already. */
  constructor(call: HookedCall) {
    this.#call = call;
    this.callId = call.callId;
    this.origin = call.origin;
    this.server = Object.freeze({
      id: call.hookTarget.server.id,
      name: call.hookTarget.server.name,
      alias: call.hookTarget.server.alias,
    });
    this.tool = call.hookTarget.tool;
    this.publicName = call.publicName;
    this.arguments = call.arguments;
    Object.freeze(this);
  }

  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= withoutCredentials(this.#call.headers));
  }

  get principal(): HookPrincipal {
    return (this.#principal ??= principalView(this.#call.principal));
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      const abort = (): void => controller.abort();
      if (this.#timedOut || this.#call.signal.aborted) abort();
      else this.#call.signal.addEventListener('abort', abort, { once: true });
      this.#unlink = () => this.#call.signal.removeEventListener('abort', abort);
    }
    return this.#controller.signal;
  }

  /**
   * The bearer token that came with a call besides the gateway credential; null: none. For the gateway's own guardrails:
   * authors get a view without credentials.
   */
  static bearerOf(view: ToolCallView): string | null {
    if (!(view instanceof HookCallView)) return null;
    return BEARER.exec(view.#call.headers['authorization'] ?? '')?.[1] ?? null;
  }

  /** Tells the hook that its time is up. */
  expire(): void {
    this.#timedOut = true;
    this.#controller?.abort();
  }

  /** Lets go of the call's signal once the hook has answered. */
  release(): void {
    this.#unlink?.();
  }
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(
    ([name]) => !CREDENTIAL_HEADERS.has(name) && !CREDENTIAL_HEADER_PATTERN.test(name),
  );
  return Object.freeze(Object.fromEntries(kept));
}

import type { McpHookOptions } from './mcp-hook.decorator.js';
import type { DuringMcpCall, OnMcpList, PostMcpCall, PreMcpCall } from './hook.types.js';

/** A hook that passed the checks of the registry. */
export interface RegisteredHook {
  readonly name: string;
  readonly order: number;
  readonly defaultOn: boolean;
  readonly failOpen: boolean;
  readonly timeoutMs: number;
  readonly pre: PreMcpCall['preMcpCall'] | null;
  readonly during: DuringMcpCall['duringMcpCall'] | null;
  readonly post: PostMcpCall['postMcpCall'] | null;
  readonly list: OnMcpList['onMcpList'] | null;
}

const DEFAULT_ORDER = 100;
const DEFAULT_TIMEOUT_MS = 1000;
const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Wraps a decorated provider, or throws an Error that says what is wrong with it. */
export function registerHook(options: McpHookOptions, instance: object): RegisteredHook {
  const { name, order = DEFAULT_ORDER, defaultOn = true, failOpen = false, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const className = instance.constructor.name;
  if (!NAME.test(name)) throw new Error(`@McpHook on ${className}: name must match ${NAME.source}`);
  if (!Number.isFinite(order)) throw new Error(`@McpHook "${name}": order must be a number`);
  if (!(timeoutMs > 0 && timeoutMs <= 60_000)) throw new Error(`@McpHook "${name}": timeoutMs must be 1 to 60000`);
  const pre = methodOf(instance, 'preMcpCall') as PreMcpCall['preMcpCall'] | null;
  const during = methodOf(instance, 'duringMcpCall') as DuringMcpCall['duringMcpCall'] | null;
  const post = methodOf(instance, 'postMcpCall') as PostMcpCall['postMcpCall'] | null;
  const list = methodOf(instance, 'onMcpList') as OnMcpList['onMcpList'] | null;
  if (pre === null && during === null && post === null && list === null) {
    throw new Error(`@McpHook "${name}": ${className} has none of the methods of a hook, so it would never run`);
  }
  return { name, order, defaultOn, failOpen, timeoutMs, pre, during, post, list };
}

function methodOf(instance: object, name: string): unknown {
  const member: unknown = Reflect.get(instance, name);
  return typeof member === 'function' ? member.bind(instance) : null;
}

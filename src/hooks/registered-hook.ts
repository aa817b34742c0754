import { HookStats } from './hook-stats.js';
import type { McpHookOptions } from './mcp-hook.decorator.js';
import type { DuringMcpCall, HookPhase, OnMcpList, PostMcpCall, PreMcpCall } from './hook.types.js';

/** A hook that passed the checks of the registry. */
export interface RegisteredHook {
  readonly name: string;
  readonly order: number;
  readonly defaultOn: boolean;
  readonly failOpen: boolean;
  readonly timeoutMs: number;
  /** `module`, `config_file`, or `built_in:` and its name. */
  readonly source: string;
  readonly stats: HookStats;
  readonly pre: PreMcpCall['preMcpCall'] | null;
  readonly during: DuringMcpCall['duringMcpCall'] | null;
  readonly post: PostMcpCall['postMcpCall'] | null;
  readonly list: OnMcpList['onMcpList'] | null;
}

const DEFAULT_ORDER = 100;
const DEFAULT_TIMEOUT_MS = 1000;
/** The method of each phase. */
export const HOOK_METHODS = {
  pre: 'preMcpCall',
  during: 'duringMcpCall',
  post: 'postMcpCall',
  list: 'onMcpList',
} as const satisfies Record<HookPhase, string>;
const PHASES = Object.keys(HOOK_METHODS) as HookPhase[];
const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Wraps a decorated provider, or throws an Error that says what is wrong with it. */
export function registerHook(options: McpHookOptions, instance: object, source = 'module'): RegisteredHook {
  const { name, order = DEFAULT_ORDER, defaultOn = true, failOpen = false, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const className = instance.constructor.name;
  if (!NAME.test(name)) throw new Error(`@McpHook on ${className}: name must match ${NAME.source}`);
  if (!Number.isFinite(order)) throw new Error(`@McpHook "${name}": order must be a number`);
  if (!(timeoutMs > 0 && timeoutMs <= 60_000)) throw new Error(`@McpHook "${name}": timeoutMs must be 1 to 60000`);
  if (PHASES.every((phase) => methodOf(instance, HOOK_METHODS[phase]) === null)) {
    throw new Error(`@McpHook "${name}": ${className} has none of the methods of a hook, so it would never run`);
  }
  const missing = options.phases?.find((phase) => methodOf(instance, HOOK_METHODS[phase]) === null);
  if (missing !== undefined) {
    throw new Error(
      `@McpHook "${name}": ${className} has no ${HOOK_METHODS[missing]}, so its phase ${missing} would never run`,
    );
  }
  const methodIn = (phase: HookPhase): unknown =>
    options.phases === undefined || options.phases.includes(phase) ? methodOf(instance, HOOK_METHODS[phase]) : null;
  return {
    ...{ name, order, defaultOn, failOpen, timeoutMs, source, stats: new HookStats() },
    pre: methodIn('pre') as RegisteredHook['pre'],
    during: methodIn('during') as RegisteredHook['during'],
    post: methodIn('post') as RegisteredHook['post'],
    list: methodIn('list') as RegisteredHook['list'],
  };
}

function methodOf(instance: object, name: string): unknown {
  const member: unknown = Reflect.get(instance, name);
  return typeof member === 'function' ? member.bind(instance) : null;
}

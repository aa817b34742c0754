import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { GuardrailNames } from '../auth/guardrail-names.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { discoverHooks } from './hook-discovery.js';
import { registerHook, type RegisteredHook } from './registered-hook.js';

/** The hooks of one call, per phase, in the order in which they run. */
export interface HookSelection {
  readonly pre: readonly RegisteredHook[];
  readonly during: readonly RegisteredHook[];
  readonly post: readonly RegisteredHook[];
}

/**
 * Finds every `@McpHook` provider at start and refuses to start when one of them could not run as its author expects.
 */
@Injectable()
export class HookRegistry implements OnModuleInit, GuardrailNames {
  #byName: ReadonlyMap<string, RegisteredHook> = new Map();
  #hasListHooks = false;
  #defaults: HookSelection = { pre: [], during: [], post: [] };
  /** By the list of the caller, then by that of the server. */
  #selections = new WeakMap<readonly string[], WeakMap<readonly string[], HookSelection>>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    const hooks = discoverHooks(this.discovery)
      .map(({ options, instance, source }) => registerHook(options, instance, source))
      .sort((a, b) => a.order - b.order || compareNames(a.name, b.name));
    const byName = new Map<string, RegisteredHook>();
    for (const hook of hooks) {
      if (byName.has(hook.name)) throw new Error(`Two hooks are named "${hook.name}": names must be unique`);
      byName.set(hook.name, hook);
    }
    this.#byName = byName;
    this.#hasListHooks = hooks.some((hook) => hook.list !== null);
    this.#defaults = byPhase(hooks.filter((hook) => hook.defaultOn));
  }

  /** Has these hooks run by default, or not; calls that began go on with the hooks that they have. */
  setDefaultOn(changes: ReadonlyMap<string, boolean>): void {
    const hooks = this.all().map((hook) => ({ ...hook, defaultOn: changes.get(hook.name) ?? hook.defaultOn }));
    this.#byName = new Map(hooks.map((hook) => [hook.name, hook]));
    this.#selections = new WeakMap();
    this.#defaults = byPhase(hooks.filter((hook) => hook.defaultOn));
  }

  /** Every hook in order. */
  all(): readonly RegisteredHook[] {
    return [...this.#byName.values()];
  }

  /**
   * The hooks of a call: the default ones and those that the caller or the server names. Remembered for these very
   * lists, which are replaced and never changed.
   * @throws GatehouseError `guardrail_unavailable` when a named hook is not loaded: what was asked for cannot run.
   */
  select(ofCaller: readonly string[], ofServer: readonly string[]): HookSelection {
    if (ofCaller.length === 0 && ofServer.length === 0) return this.#defaults;
    return this.#selections.get(ofCaller)?.get(ofServer) ?? this.findSelection(ofCaller, ofServer);
  }

  private findSelection(ofCaller: readonly string[], ofServer: readonly string[]): HookSelection {
    const wanted = new Set([...ofCaller, ...ofServer]);
    this.requireAll(wanted);
    const selection = byPhase(this.all().filter((hook) => hook.defaultOn || wanted.has(hook.name)));
    const known = this.#selections.get(ofCaller) ?? new WeakMap<readonly string[], HookSelection>();
    this.#selections.set(ofCaller, known.set(ofServer, selection));
    return selection;
  }

  /** Does any hook look at lists? */
  get hasListHooks(): boolean {
    return this.#hasListHooks;
  }

  /** Is there a hook with this name? */
  isLoaded(name: string): boolean {
    return this.#byName.has(name);
  }

  /** @throws GatehouseError `guardrail_unavailable` when one of these is not loaded */
  requireAll(names: Iterable<string>): void {
    for (const name of names) if (!this.#byName.has(name)) throw notLoaded(name);
  }
}

function byPhase(hooks: readonly RegisteredHook[]): HookSelection {
  return {
    pre: hooks.filter((hook) => hook.pre !== null),
    during: hooks.filter((hook) => hook.during !== null),
    post: hooks.filter((hook) => hook.post !== null),
  };
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function notLoaded(name: string): GatehouseError {
  return new GatehouseError('guardrail_unavailable', 'A guardrail that is required here is not loaded', {
    sent: 'no',
    guardrail: name,
    detail: `guardrail "${name}" is named by a key or a server but no @McpHook has that name`,
  });
}

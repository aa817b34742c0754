import type { CanActivate, DynamicModule, FactoryProvider, Type } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import { CallExtensions, MCP_CALL_GUARDS, MCP_CALL_INTERCEPTORS } from '../hooks/call-extensions.js';
import { guardrailModuleOf, moduleOf } from '../hooks/guardrail-modules.js';
import { discoverHooks } from '../hooks/hook-discovery.js';
import { McpHook } from '../hooks/mcp-hook.decorator.js';
import { HOOK_METHODS } from '../hooks/registered-hook.js';
import { facadeOf } from './facade.js';
import type { GatehouseOptions } from './gatehouse-options.js';

const GUARD = ['canActivate'];
const INTERCEPTOR = ['intercept'];

/**
 * The guardrails of an embedded gateway: those that modules of the application provide, where a provider with `@McpHook`
 * that is silently ignored would be a hole, and those of the options.
 */
export class HostGuardrails {
  /** Made by hand, so that an application with a Nest of its own is told so and not of a missing provider. */
  static readonly PROVIDER: FactoryProvider<HostGuardrails> = {
    provide: HostGuardrails,
    inject: [{ token: ModulesContainer, optional: true }],
    useFactory: (modules?: ModulesContainer) => {
      if (modules !== undefined) return new HostGuardrails(modules);
      const remedy = 'use the same major version of @nestjs/core, so that npm installs it once (npm ls @nestjs/core)';
      throw new Error(`GatehouseModule and the application have different copies of @nestjs/core: ${remedy}`);
    },
  };

  private readonly discovery: DiscoveryService;
  private readonly extensions: CallExtensions;

  constructor(modules: ModulesContainer) {
    this.discovery = new DiscoveryService(modules);
    this.extensions = new CallExtensions(this.discovery, modules);
  }

  /** @throws Error when one of them could not run */
  collect(options: GatehouseOptions): (Type<unknown> | DynamicModule)[] {
    this.extensions.onModuleInit();
    const { guardrails = [], guards = [], interceptors = [] } = options;
    const given = guardrails.map((entry, index) =>
      guardrailModuleOf(entry, `guardrails[${index}] must be one of these`),
    );
    return [
      ...this.hooks(),
      ...asModules(MCP_CALL_GUARDS, [...instancesOf(this.extensions.guards), ...guards], GUARD),
      ...asModules(MCP_CALL_INTERCEPTORS, [...instancesOf(this.extensions.interceptors), ...interceptors], INTERCEPTOR),
      ...given,
    ];
  }

  private hooks(): DynamicModule[] {
    return discoverHooks(this.discovery).map(({ options, instance }) =>
      moduleOf(McpHook(options)(facadeOf(instance, Object.values(HOOK_METHODS)))),
    );
  }
}

function instancesOf<T>(extensions: readonly { readonly instance: T }[]): T[] {
  return extensions.map(({ instance }) => instance);
}

/** A module for each, since a module can have one provider under a token. */
function asModules(
  token: symbol,
  extensions: readonly (Type<unknown> | CanActivate | object)[],
  methods: readonly string[],
): DynamicModule[] {
  return extensions.map((extension) => {
    const useClass = typeof extension === 'function' ? (extension as Type<unknown>) : facadeOf(extension, methods);
    return moduleOf({ provide: token, useClass });
  });
}

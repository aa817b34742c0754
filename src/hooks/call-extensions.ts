import 'reflect-metadata';
import { Injectable, type CanActivate, type NestInterceptor, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { ToolCallResult } from './hook.types.js';

/**
 * Token of guards on tool calls. The value of the provider is a guard or a list of guards; every module may have one
 * such provider, and all of them count.
 */
export const MCP_CALL_GUARDS = Symbol.for('gatehouse:MCP_CALL_GUARDS');
/** Token of interceptors on tool calls; the value is an interceptor or a list, as for {@link MCP_CALL_GUARDS}. */
export const MCP_CALL_INTERCEPTORS = Symbol.for('gatehouse:MCP_CALL_INTERCEPTORS');

/** An interceptor on tool calls: it sees results, those of upstream errors in the form that post hooks see. */
export type McpCallInterceptor = NestInterceptor<ToolCallResult, ToolCallResult>;

/** A guard or an interceptor with the name that audit records and errors give it: that of its class. */
export interface NamedExtension<T> {
  readonly name: string;
  readonly instance: T;
}

/** Finds the guards and interceptors that authors provide, and refuses to start when one of them would not run. */
@Injectable()
export class CallExtensions implements OnModuleInit {
  guards: readonly NamedExtension<CanActivate>[] = [];
  interceptors: readonly NamedExtension<McpCallInterceptor>[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly modules: ModulesContainer,
  ) {}

  onModuleInit(): void {
    this.guards = this.collect(MCP_CALL_GUARDS, 'MCP_CALL_GUARDS', isGuard);
    this.interceptors = this.collect(MCP_CALL_INTERCEPTORS, 'MCP_CALL_INTERCEPTORS', isInterceptor);
  }

  private collect<T extends object>(
    token: symbol,
    label: string,
    fits: (value: unknown) => value is T,
  ): NamedExtension<T>[] {
    this.refuseHidden(token, label);
    return this.discovery
      .getProviders()
      .filter((wrapper) => wrapper.token === token)
      .flatMap((wrapper) => {
        if (!wrapper.isDependencyTreeStatic()) throw new Error(`${label}: a provider is request-scoped`);
        const value: unknown = wrapper.instance;
        return (Array.isArray(value) ? value : [value]).map((instance: unknown) => {
          if (!fits(instance)) throw new Error(`${label}: a provider is neither one nor a list of them`);
          return { name: instance.constructor.name, instance };
        });
      });
  }

  /** In one module, a second provider under the same token silently takes the place of the first. */
  private refuseHidden(token: symbol, label: string): void {
    for (const { metatype } of this.modules.values()) {
      const declared: unknown = Reflect.getMetadata('providers', metatype);
      const same = Array.isArray(declared) ? declared.filter((provider) => isProviderOf(provider, token)) : [];
      if (same.length < 2) continue;
      throw new Error(`${metatype.name} provides ${label} twice, and only one would run: provide one list instead`);
    }
  }
}

function isProviderOf(provider: unknown, token: symbol): boolean {
  return typeof provider === 'object' && provider !== null && 'provide' in provider && provider.provide === token;
}

function isGuard(value: unknown): value is CanActivate {
  return hasMethod(value, 'canActivate');
}

function isInterceptor(value: unknown): value is McpCallInterceptor {
  return hasMethod(value, 'intercept');
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

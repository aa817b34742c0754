import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { GuardrailNames } from '../auth/guardrail-names.js';
import { CallExtensions } from './call-extensions.js';
import { CallGuards } from './call-guards.js';
import { CallInterceptors } from './call-interceptors.js';
import { HookRegistry } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import { ListHooks } from './list-hooks.js';
import { HooksInterceptor } from './hooks.interceptor.js';
import { PreHooksGuard } from './pre-hooks.guard.js';

/** Finds and runs hooks. Global, because rooms below ask for the names of hooks through a port of their own. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    CallExtensions,
    CallGuards,
    CallInterceptors,
    HookRegistry,
    HookRunner,
    HooksInterceptor,
    ListHooks,
    PreHooksGuard,
    { provide: GuardrailNames, useExisting: HookRegistry },
  ],
  exports: [
    CallExtensions,
    CallGuards,
    CallInterceptors,
    HookRegistry,
    HookRunner,
    HooksInterceptor,
    ListHooks,
    PreHooksGuard,
    GuardrailNames,
  ],
})
export class HooksModule {}

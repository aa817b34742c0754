import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CallExtensions } from './call-extensions.js';
import { CallGuards } from './call-guards.js';
import { CallInterceptors } from './call-interceptors.js';
import { HookRegistry } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import { ListHooks } from './list-hooks.js';
import { HooksInterceptor } from './hooks.interceptor.js';

/** Finds and runs hooks. */
@Module({
  imports: [DiscoveryModule],
  providers: [CallExtensions, CallGuards, CallInterceptors, HookRegistry, HookRunner, HooksInterceptor, ListHooks],
  exports: [CallExtensions, CallGuards, CallInterceptors, HookRegistry, HookRunner, HooksInterceptor, ListHooks],
})
export class HooksModule {}

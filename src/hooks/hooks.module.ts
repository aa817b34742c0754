import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { HookRegistry } from './hook-registry.js';
import { HookRunner } from './hook-runner.js';
import { ListHooks } from './list-hooks.js';
import { HooksInterceptor } from './hooks.interceptor.js';

/** Finds and runs hooks. */
@Module({
  imports: [DiscoveryModule],
  providers: [HookRegistry, HookRunner, HooksInterceptor, ListHooks],
  exports: [HookRegistry, HookRunner, HooksInterceptor, ListHooks],
})
export class HooksModule {}

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS_RULE } from '../common/access.decorator.js';

type Handler = (...args: readonly unknown[]) => unknown;

/** Stops the boot when a route does not say who may use it. The guard would close it; nobody would know why. */
@Injectable()
export class UndeclaredRoutes implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const undeclared = this.find();
    if (undeclared.length === 0) return;
    throw new Error(`These routes need @RequireRole(...) or @Public(): ${undeclared.join(', ')}`);
  }

  private find(): string[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const prototype: Record<string, Handler> = metatype.prototype;
      return this.scanner
        .getAllMethodNames(prototype)
        .filter((name) => this.isUndeclared(prototype[name], metatype))
        .map((name) => `${metatype.name}.${name}`);
    });
  }

  private isUndeclared(handler: Handler | undefined, controller: NewableFunction): boolean {
    if (handler === undefined || !Reflect.hasMetadata(PATH_METADATA, handler)) return false;
    return this.reflector.getAllAndOverride<unknown>(ACCESS_RULE, [handler, controller]) === undefined;
  }
}

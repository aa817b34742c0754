import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Inject,
  Logger,
  Module,
  Optional,
  type DynamicModule,
  type FactoryProvider,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { configOfOptions } from './embedding/config-of-options.js';
import { standBefore } from './embedding/front-door.js';
import { GATEHOUSE_OPTIONS, type GatehouseAsyncOptions, type GatehouseOptions } from './embedding/gatehouse-options.js';
import { HostGuardrails } from './embedding/host-guardrails.js';
import type { EmbeddedGateway } from './embedded-gateway.js';

const DEFAULT_PATH = '/gatehouse';

/**
 * The whole gateway as a module of another Nest application: the MCP doors, the management API and everything behind
 * them, on the HTTP server of that application, at the path of the options. Every `@McpHook`, `MCP_CALL_GUARDS` and
 * `MCP_CALL_INTERCEPTORS` provider of the application runs on every tool call.
 */
@Module({})
export class GatehouseModule implements OnApplicationBootstrap, OnModuleDestroy {
  private gateway: EmbeddedGateway | null = null;

  constructor(
    @Inject(GATEHOUSE_OPTIONS) private readonly options: GatehouseOptions,
    private readonly guardrails: HostGuardrails,
    @Optional() private readonly host?: HttpAdapterHost,
  ) {}

  static register(options: GatehouseOptions = {}): DynamicModule {
    return moduleWith({ provide: GATEHOUSE_OPTIONS, useValue: options });
  }

  /** As {@link register}, with options from a factory that can have things injected. */
  static registerAsync({ imports = [], inject = [], useFactory }: GatehouseAsyncOptions): DynamicModule {
    const provider: FactoryProvider<GatehouseOptions> = {
      provide: GATEHOUSE_OPTIONS,
      inject: [...inject],
      // Nest passes what `inject` names.
      useFactory: useFactory as (...injected: unknown[]) => GatehouseOptions | Promise<GatehouseOptions>,
    };
    return moduleWith(provider, imports);
  }

  /** @throws ConfigurationError for options that cannot be used; the start of the application fails with it */
  async onApplicationBootstrap(): Promise<void> {
    const server = this.serverOfHost();
    // Only now: who writes a guardrail imports this package too, and should not wait for the whole gateway.
    const { EmbeddedGateway: Embedded, checkBuiltIn } = await import('./embedded-gateway.js');
    const config = configOfOptions(this.options, process.env, checkBuiltIn);
    for (const key of config.ignoredSettings) new Logger('Gatehouse').warn(`configFile: "${key}" has no effect`);
    const gateway = await Embedded.open(
      config,
      this.options.path ?? DEFAULT_PATH,
      this.guardrails.collect(this.options),
    );
    this.gateway = gateway;
    standBefore(server, (request, response) => gateway.handle(request, response));
    server.once('listening', () => gateway.listensOn((server.address() as AddressInfo).port));
  }

  async onModuleDestroy(): Promise<void> {
    await this.gateway?.close();
  }

  private serverOfHost(): Server {
    // Missing together with the guardrails, whose provider says why.
    const server = this.host?.httpAdapter?.getHttpServer() as Server | undefined;
    if (server === undefined) throw new Error('GatehouseModule needs an application with an HTTP server');
    return server;
  }
}

function moduleWith(options: Provider, imports: GatehouseAsyncOptions['imports'] = []): DynamicModule {
  return {
    module: GatehouseModule,
    imports,
    providers: [options, HostGuardrails.PROVIDER],
  };
}

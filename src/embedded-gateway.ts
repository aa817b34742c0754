import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { getDefaultBackendFactory, setDefaultBackendFactory } from 'bullmq';
import { PublicUrl } from './auth/public-url.js';
import type { Config } from './config/config.js';
import type { CheckBuiltIn } from './config/guardrail-entry.js';
import { openDatabase, type OpenDatabase } from './database/open-database.js';
import { MountPath, ownRoutes } from './embedding/mount-path.js';
import { GatehouseHttpAdapter } from './gatehouse-http.adapter.js';
import { closeGateway, createApp, initialize } from './gateway.js';
import { BUILT_INS } from './guardrails/built-ins.js';
import { builtInFaults } from './hooks/built-in-settings.js';
import { McpEndpoint } from './mcp-endpoint/mcp-endpoint.js';

const SHUTTING_DOWN = 503;

/** What is wrong with the settings of a built-in guardrail. */
export const checkBuiltIn: CheckBuiltIn = (entry) => builtInFaults(entry, BUILT_INS);

/**
 * A gateway on the HTTP server of another Nest application. It is a Nest application of its own, so that its global
 * guards, pipes and filters, its data source and its queues are not those of the other; only the server is shared.
 */
export class EmbeddedGateway {
  private closed = false;

  private constructor(
    private readonly app: NestExpressApplication,
    private readonly database: OpenDatabase,
    private readonly endpoint: McpEndpoint,
    private readonly adapter: GatehouseHttpAdapter,
    private readonly mount: MountPath,
  ) {}

  /**
   * Opens and migrates the database and starts everything but a server.
   * @param path `/` or without a trailing slash
   */
  static async open(
    config: Config,
    path: string,
    guardrails: readonly (Type<unknown> | DynamicModule)[],
  ): Promise<EmbeddedGateway> {
    // Checked before anything is opened.
    const { prefix } = new MountPath(path, () => false);
    const database = await openDatabase(config);
    const queues = getDefaultBackendFactory();
    let app: NestExpressApplication | null = null;
    try {
      const adapter = new GatehouseHttpAdapter();
      app = await createApp(config, database.url, adapter, { guardrails });
      const document = await initialize(app, config, prefix);
      const endpoint = app.get(McpEndpoint, { strict: false });
      const isRoute = ownRoutes([...Object.keys(document.paths), '/docs']);
      const mount = new MountPath(path, (target) => endpoint.matches(target) || isRoute(target));
      return new EmbeddedGateway(app, database, endpoint, adapter, mount);
    } catch (error) {
      await app?.close();
      await database.close();
      throw error;
    } finally {
      // The queues of the application are not the gateway's business; its own are made by now.
      setDefaultBackendFactory(queues);
    }
  }

  /** To be told once the shared server listens. */
  listensOn(port: number): void {
    this.app.get(PublicUrl, { strict: false }).listensOn(port, this.mount.prefix);
  }

  /** Answers a request that is the gateway's; false: it is the application's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const target = this.mount.within(request.url ?? '');
    if (target === null) return false;
    request.url = target;
    if (this.closed) response.writeHead(SHUTTING_DOWN, { connection: 'close' }).end();
    else if (this.endpoint.matches(target)) this.endpoint.handle(request, response);
    else this.adapter.serve(request, response);
    return true;
  }

  /** Lets running calls finish and closes everything that {@link open} opened. */
  async close(): Promise<void> {
    // The host stops taking requests before it closes its modules.
    await closeGateway(this.app, this.endpoint, this.adapter, 0);
    this.closed = true;
    await this.database.close();
  }
}

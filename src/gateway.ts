import type { AddressInfo } from 'node:net';
import { Logger, type DynamicModule, type INestApplication, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { PublicUrl } from './auth/public-url.js';
import type { Secret } from './common/secret.js';
import type { Config } from './config/config.js';
import { GatehouseHttpAdapter } from './gatehouse-http.adapter.js';
import { DrainState } from './health/drain-state.js';
import { loadConfiguredGuardrails } from './hooks/configured-guardrails.js';
import { loadGuardrailModules } from './hooks/guardrail-modules.js';
import { McpEndpoint } from './mcp-endpoint/mcp-endpoint.js';
import { openApiDocument, serveDocs } from './swagger.js';
import { VERSION } from './common/version.js';

/** How long running calls may take to finish after SIGTERM. */
const DRAIN_LIMIT_MS = 25_000;

/** A running gateway. */
export interface Gateway {
  /** `http://host:port` of the listening socket. */
  readonly url: string;
  readonly app: INestApplication;
  /** Stops accepting, lets running calls finish, closes everything. */
  close(): Promise<void>;
}

/** Further parts for an embedding application or a test. */
export interface GatewayParts {
  readonly logger: LoggerService;
  /** Nest modules with hooks, besides those that the configuration names. */
  readonly guardrails?: readonly (Type<unknown> | DynamicModule)[];
}

/** Starts the gateway on a migrated database. */
export async function startGateway(config: Config, databaseUrl: Secret, parts: GatewayParts): Promise<Gateway> {
  const guardrails = [
    ...(await loadGuardrailModules(config.guardrailModules)),
    ...(await loadConfiguredGuardrails(config.guardrails)),
    ...(parts.guardrails ?? []),
  ];
  const adapter = new GatehouseHttpAdapter();
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(config, databaseUrl, guardrails),
    adapter,
    { logger: parts.logger, abortOnError: false, bodyParser: false },
  );
  try {
    const endpoint = await openDoors(app, adapter, config);
    return { url: addressOf(app), app, close: () => closeGateway(app, endpoint) };
  } catch (error) {
    // What was opened on the way (pools, listeners, processes) must not outlive the failed start.
    await app.close();
    throw error;
  }
}

async function openDoors(
  app: NestExpressApplication,
  adapter: GatehouseHttpAdapter,
  config: Config,
): Promise<McpEndpoint> {
  app.disable('x-powered-by');
  // What `request.ip` is; the failure limiter counts by it.
  app.set('trust proxy', [...config.trustedProxies]);
  serveDocs(app, openApiDocument(app, VERSION));
  await app.init();
  const endpoint = app.get(McpEndpoint, { strict: false });
  adapter.useFrontDoor((request, response) => {
    if (!endpoint.matches(request.url ?? '')) return false;
    endpoint.handle(request, response);
    return true;
  });
  await app.listen(config.port, config.host);
  app.get(PublicUrl, { strict: false }).listensOn(portOf(app));
  return endpoint;
}

async function closeGateway(app: INestApplication, endpoint: McpEndpoint): Promise<void> {
  app.get(DrainState, { strict: false }).begin();
  endpoint.beginDrain();
  const server: unknown = app.getHttpServer();
  if (isIdleCloser(server)) server.closeIdleConnections();
  await withinDrainLimit(endpoint.drained());
  await app.close();
}

async function withinDrainLimit(drained: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      new Logger('Gateway').warn(`some calls did not finish within ${DRAIN_LIMIT_MS / 1000} s and are ended`);
      resolve();
    }, DRAIN_LIMIT_MS);
  });
  await Promise.race([drained, limit]);
  clearTimeout(timer);
}

function isIdleCloser(server: unknown): server is { closeIdleConnections(): void } {
  return typeof server === 'object' && server !== null && 'closeIdleConnections' in server;
}

function portOf(app: INestApplication): number {
  return (app.getHttpServer().address() as AddressInfo).port;
}

function addressOf(app: INestApplication): string {
  const { address, family, port } = app.getHttpServer().address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type DynamicModule, type INestApplication, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AppModule } from './app.module.js';
import { PublicUrl } from './auth/public-url.js';
import type { Secret } from './common/secret.js';
import type { Config } from './config/config.js';
import { GatehouseHttpAdapter, type FrontDoor } from './gatehouse-http.adapter.js';
import { BUILT_INS } from './guardrails/built-ins.js';
import { DrainState } from './health/drain-state.js';
import { builtInFaults } from './hooks/built-in-settings.js';
import { answerProbesOnly } from './health/worker-door.js';
import { loadConfiguredGuardrails } from './hooks/configured-guardrails.js';
import { loadGuardrailModules } from './hooks/guardrail-modules.js';
import { McpEndpoint } from './mcp-endpoint/mcp-endpoint.js';
import { ConfigReload } from './reload/config-reload.js';
import { openApiDocument, serveDocs } from './swagger.js';
import { VERSION } from './common/version.js';

/** How long running calls may take to finish after SIGTERM, SHUTDOWN_DELAY_SECONDS included. */
const DRAIN_LIMIT_MS = 25_000;
/** How long connections may stay open after that. */
const CONNECTIONS_LIMIT_MS = 3_000;

/** A running gateway. */
export interface Gateway {
  /** `http://host:port` of the listening socket. */
  readonly url: string;
  readonly app: INestApplication;
  /** Reads CONFIG_FILE again. Never rejects: what is wrong with it is logged, and the gateway goes on as it is. */
  reload(): Promise<void>;
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
  const adapter = new GatehouseHttpAdapter();
  const app = await createApp(config, databaseUrl, adapter, parts);
  try {
    const reload = app.get(ConfigReload, { strict: false });
    reload.checkBuiltInsWith((entry) => builtInFaults(entry, BUILT_INS));
    const endpoint = await openDoors(app, adapter, config);
    return {
      url: addressOf(app),
      app,
      reload: () => reload.reload(),
      close: () => closeGateway(app, endpoint, adapter, config.shutdownDelayMs),
    };
  } catch (error) {
    // What was opened on the way (pools, listeners, processes) must not outlive the failed start.
    await app.close();
    throw error;
  }
}

/** The application of the gateway, made and not yet initialised. Without a logger it uses the one that Nest has. */
export async function createApp(
  config: Config,
  databaseUrl: Secret,
  adapter: GatehouseHttpAdapter,
  { logger, guardrails: added = [] }: Partial<GatewayParts>,
): Promise<NestExpressApplication> {
  const guardrails = [
    ...(await loadGuardrailModules(config.guardrailModules)),
    ...(await loadConfiguredGuardrails(config.guardrails, BUILT_INS)),
    ...added,
  ];
  return NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, databaseUrl, guardrails), adapter, {
    ...(logger !== undefined && { logger }),
    abortOnError: false,
    bodyParser: false,
  });
}

/**
 * Initialises the application; after that it can answer requests.
 * @param path where it begins on its server, without a trailing slash
 */
export async function initialize(app: NestExpressApplication, config: Config, path = ''): Promise<OpenAPIObject> {
  app.disable('x-powered-by');
  // What `request.ip` is; the failure limiter counts by it.
  app.set('trust proxy', [...config.trustedProxies]);
  const document = openApiDocument(app, VERSION, path);
  serveDocs(app, document);
  await app.init();
  return document;
}

async function openDoors(
  app: NestExpressApplication,
  adapter: GatehouseHttpAdapter,
  config: Config,
): Promise<McpEndpoint> {
  await initialize(app, config);
  const endpoint = app.get(McpEndpoint, { strict: false });
  adapter.useFrontDoor(config.role === 'worker' ? answerProbesOnly : doorOf(endpoint));
  await app.listen(config.port, config.host);
  app.get(PublicUrl, { strict: false }).listensOn(portOf(app));
  return endpoint;
}

function doorOf(endpoint: McpEndpoint): FrontDoor {
  return (request, response) => {
    if (!endpoint.matches(request.url ?? '')) return false;
    endpoint.handle(request, response);
    return true;
  };
}

/**
 * Says that it is not ready, stops accepting, lets running calls finish, closes everything.
 * @param delayMs how long calls are still accepted, so that whoever balances the load can learn that it is not ready
 */
export async function closeGateway(
  app: INestApplication,
  endpoint: McpEndpoint,
  adapter: GatehouseHttpAdapter,
  delayMs: number,
): Promise<void> {
  app.get(DrainState, { strict: false }).begin();
  endpoint.beginDrain();
  adapter.beginDrain();
  await delay(delayMs);
  const server: Server = app.getHttpServer();
  const closed = stopAccepting(server);
  await withinDrainLimit(Promise.all([endpoint.drained(), adapter.drained()]), DRAIN_LIMIT_MS - delayMs);
  // A connection on which nothing was ever sent is not idle, and would be waited for.
  const cut = setTimeout(() => server.closeAllConnections(), CONNECTIONS_LIMIT_MS);
  await app.close();
  await closed;
  clearTimeout(cut);
}

/** Resolves when every connection has ended. */
function stopAccepting(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  return closed;
}

async function withinDrainLimit(drained: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      new Logger('Gateway').warn(`some calls did not finish within ${DRAIN_LIMIT_MS / 1000} s and are ended`);
      resolve();
    }, limitMs);
  });
  await Promise.race([drained, limit]);
  clearTimeout(timer);
}

function portOf(app: INestApplication): number {
  return (app.getHttpServer().address() as AddressInfo).port;
}

function addressOf(app: INestApplication): string {
  const { address, family, port } = app.getHttpServer().address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

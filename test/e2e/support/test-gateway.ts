import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Module, type Provider, type Type } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditService } from '../../../src/audit/audit.service.js';
import { Secret } from '../../../src/common/secret.js';
import type { Config } from '../../../src/config/config.js';
import { NO_SEMANTIC_FILTER } from '../../../src/config/parse-semantic-filter.js';
import { DEFAULT_MANAGEMENT } from '../../../src/config/parse-management.js';
import { McpHook } from '../../../src/index.js';
import { migrateLocked } from '../../../src/database/migrate.js';
import { startGateway, type Gateway } from '../../../src/gateway.js';
import type { Backend } from './backends.js';
import { http, type HttpAnswer } from './http.js';

/** Hooks with these names that do nothing. */
export function idleHooks(...names: readonly string[]): Type<unknown>[] {
  return names.map((name) =>
    McpHook({ name, defaultOn: false })(
      class {
        preMcpCall(): void {}
      },
    ),
  );
}

/** A gateway in this process, on a database of its own. */
export interface TestGateway {
  readonly url: string;
  readonly masterKey: string;
  readonly app: Gateway['app'];
  /** Sends a management request with the master key. */
  admin(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<HttpAnswer>;
  /** Runs SQL on the gateway's database once everything pending is written. */
  sql<Row>(query: string, parameters?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly hooks?: readonly Provider[];
  /** Whole guardrail modules. */
  readonly modules?: readonly Type<unknown>[];
  readonly config?: Partial<Config>;
  /** Gets every line of the log. Default: nobody does. */
  readonly onLog?: (line: string) => void;
}

type Log = (...parts: unknown[]) => void;
const SILENT: Record<'log' | 'warn' | 'error' | 'debug' | 'verbose' | 'fatal', Log> = {
  ...{ log: () => {}, warn: () => {}, error: () => {} },
  ...{ debug: () => {}, verbose: () => {}, fatal: () => {} },
};

function loggerTo(onLog: (line: string) => void): typeof SILENT {
  const log = (...parts: unknown[]): void => onLog(parts.map((part) => inspect(part, { depth: 10 })).join(' '));
  return { log, warn: log, error: log, debug: log, verbose: log, fatal: log };
}

/** Starts a gateway with the given hooks as a guardrail module. */
export async function startTestGateway(backend: Backend, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const database = await backend.createDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  const config = testConfig(directory, backend.redisUrl, options.config);
  await migrateLocked(new Secret(database.url));
  const hooks = { module: TestGuardrailsModule, providers: [...(options.hooks ?? [])] };
  const guardrails = [hooks, ...(options.modules ?? [])];
  const logger = options.onLog === undefined ? SILENT : loggerTo(options.onLog);
  const gateway = await startGateway(config, new Secret(database.url), { logger, guardrails });
  const masterKey = config.masterKey.reveal();
  return {
    url: gateway.url,
    masterKey,
    app: gateway.app,
    admin: (method, path, body) =>
      http(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${masterKey}` }, body }),
    async sql<Row>(query: string, parameters: unknown[] = []) {
      await gateway.app.get(AuditService, { strict: false }).flush();
      return gateway.app.get(DataSource, { strict: false }).query<Row[]>(query, parameters);
    },
    async close() {
      await gateway.close();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

@Module({})
class TestGuardrailsModule {}

function testConfig(dataDir: string, redisUrl: string | null, overrides: Partial<Config> = {}): Config {
  return Object.freeze<Config>({
    host: '127.0.0.1',
    port: 0,
    production: false,
    databaseUrl: null,
    redisUrl: redisUrl === null ? null : new Secret(redisUrl),
    dataDir,
    masterKey: new Secret(`sk-${randomBytes(24).toString('hex')}`),
    encryptionKeys: [{ kid: 'k1', key: new Secret(randomBytes(32)) }],
    publicBaseUrl: null,
    replicaUrl: null,
    oauthClientId: null,
    configFile: null,
    jwtIssuers: [],
    authorizationServer: null,
    unknownCustomers: 'allow',
    management: DEFAULT_MANAGEMENT,
    guardrailModules: [],
    guardrails: [],
    models: [],
    semanticFilter: NO_SEMANTIC_FILTER,
    jwtSigner: { signingKey: null, issuer: null, audience: null, ttlSeconds: null },
    mcpServers: [],
    outboundAllow: [{ kind: 'cidr', cidr: '127.0.0.0/8' }],
    stdioCommands: [process.execPath],
    allowedOrigins: [],
    allowedHosts: [],
    trustedProxies: [],
    metricsPublic: false,
    tracing: null,
    approveOwnCalls: false,
    auditMode: 'buffered',
    auditRetentionDays: null,
    role: 'all',
    runMigrations: true,
    toolPrefixSeparator: '-',
    logLevel: 'silent',
    shutdownDelayMs: 0,
    sessionIdleMs: 60_000,
    listPageSize: 1_000,
    parkedCallMs: 60_000,
    streamsPerKey: 100,
    ...overrides,
  });
}

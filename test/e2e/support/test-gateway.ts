import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type Provider, type Type } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuditService } from '../../../src/audit/audit.service.js';
import { Secret } from '../../../src/common/secret.js';
import type { Config } from '../../../src/config/config.js';
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
}

const SILENT = { log: () => {}, warn: () => {}, error: () => {}, debug: () => {}, verbose: () => {}, fatal: () => {} };

/** Starts a gateway with the given hooks as a guardrail module. */
export async function startTestGateway(backend: Backend, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const database = await backend.createDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  const config = testConfig(directory, backend.redisUrl, options.config);
  await migrateLocked(new Secret(database.url));
  const hooks = { module: TestGuardrailsModule, providers: [...(options.hooks ?? [])] };
  const guardrails = [hooks, ...(options.modules ?? [])];
  const gateway = await startGateway(config, new Secret(database.url), { logger: SILENT, guardrails });
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
    configFile: null,
    jwtIssuers: [],
    unknownCustomers: 'allow',
    guardrailModules: [],
    guardrails: [],
    outboundAllow: [{ kind: 'cidr', cidr: '127.0.0.0/8' }],
    stdioCommands: [process.execPath],
    allowedOrigins: [],
    allowedHosts: [],
    trustedProxies: [],
    metricsPublic: false,
    runMigrations: true,
    toolPrefixSeparator: '-',
    logLevel: 'silent',
    sessionIdleMs: 60_000,
    ...overrides,
  });
}

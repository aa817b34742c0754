import { resolve } from 'node:path';
import type { Secret } from '../common/secret.js';
import type { Config, KeyringEntry, OutboundAllowEntry, TracingConfig } from './config.js';
import { ConfigurationError, InvalidValue } from './configuration-error.js';
import { ensureWritableDirectory } from './data-directory.js';
import { EnvironmentReader } from './environment-reader.js';
import { readGatewayFile } from './gateway-file.js';
import type { CheckBuiltIn } from './guardrail-entry.js';
import { encryptionKeysPath, generatedSecret, masterKeyPath } from './generated-secrets.js';
import { parseSigningKey } from './jwt-signer-config.js';
import { DEFAULT_MANAGEMENT } from './parse-management.js';
import {
  connectionUrl,
  parseBaseUrl,
  parseClientIdUrl,
  parseCidr,
  parseHost,
  parseOrigin,
  parseOutboundEntry,
  parseReplicaUrl,
} from './parse-network.js';
import { NO_SEMANTIC_FILTER } from './parse-semantic-filter.js';
import { parseHeaderPairs } from './parse-tracing.js';
import { newKeyring, newMasterKey, parseKeyring, parseMasterKey } from './parse-secrets.js';
import {
  listOf,
  parseAuditMode,
  parseBoolean,
  parseCommands,
  parseList,
  parseLogLevel,
  parseRole,
  parseSeparator,
  wholeNumber,
} from './parse-values.js';

const EMBEDDED_OUTBOUND: readonly OutboundAllowEntry[] = [
  { kind: 'cidr', cidr: '127.0.0.0/8' },
  { kind: 'cidr', cidr: '::1/128' },
];
const EMBEDDED_COMMANDS: readonly string[] = ['npx', 'node', 'uvx', 'python3', 'docker'];

const parseDatabaseUrl = connectionUrl(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database');
const parseRedisUrl = connectionUrl(['redis:', 'rediss:'], 'redis://host:6379');

/** The configuration and what only a start needs to tell its operator. */
export interface LoadedConfig extends Config {
  /** File of the generated master key; null when the key was given. */
  readonly masterKeyFile: string | null;
  /** File of the generated keyring; null when the keyring was given. */
  readonly encryptionKeysFile: string | null;
  /** Paths of keys of CONFIG_FILE that have no effect. */
  readonly ignoredSettings: readonly string[];
}

interface Secrets {
  readonly masterKey: Secret;
  readonly masterKeyFile: string | null;
  readonly encryptionKeys: readonly KeyringEntry[];
  readonly encryptionKeysFile: string | null;
}

/**
 * Reads, completes, validates and freezes the configuration. Makes the secrets of the embedded default on first use.
 * @param env normally `process.env`
 * @param directory relative paths start here
 * @param checkBuiltIn says what is wrong with the settings of a built-in guardrail; without it they are checked when
 *   the guardrail is made
 * @param references where `os.environ/NAME` of the configuration file is looked up
 * @throws ConfigurationError with every fault
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  directory: string = process.cwd(),
  checkBuiltIn: CheckBuiltIn = () => [],
  references: NodeJS.ProcessEnv = env,
): LoadedConfig {
  const reader = new EnvironmentReader(env);
  const plain = {
    ...readServer(reader, directory),
    ...readTraffic(reader),
    ...readOperation(reader),
    jwtSigner: readJwtSigner(reader),
  };
  const settings = readSettings(reader, plain, references);
  for (const fault of settings.guardrails.flatMap(checkBuiltIn)) reader.fault('CONFIG_FILE', fault);
  const embedded = !reader.isSecretSet('DATABASE_URL');
  const secrets = readSecrets(reader, plain.dataDir, { production: plain.production, embedded });
  if (reader.faults.length > 0 || secrets === null) throw new ConfigurationError(reader.faults);
  return Object.freeze({ ...plain, ...settings, ...secrets });
}

/** The absolute DATA_DIR, for commands that need nothing else. */
export function dataDirectoryOf(env: NodeJS.ProcessEnv, directory: string = process.cwd()): string {
  return resolve(directory, new EnvironmentReader(env).text('DATA_DIR') ?? '.data');
}

function readServer(reader: EnvironmentReader, directory: string) {
  const absolute = (path: string) => resolve(directory, path);
  return {
    host: reader.value('HOST', '127.0.0.1', parseHost),
    port: reader.value('PORT', 4000, wholeNumber(0, 65_535)),
    production: reader.text('NODE_ENV') === 'production',
    databaseUrl: reader.secretValue<Secret | null>('DATABASE_URL', null, parseDatabaseUrl),
    redisUrl: reader.secretValue<Secret | null>('REDIS_URL', null, parseRedisUrl),
    dataDir: absolute(reader.text('DATA_DIR') ?? '.data'),
    publicBaseUrl: reader.value<string | null>('PUBLIC_BASE_URL', null, parseBaseUrl),
    replicaUrl: reader.value<string | null>('REPLICA_URL', null, parseReplicaUrl),
    oauthClientId: reader.value<string | null>('OAUTH_CLIENT_ID', null, parseClientIdUrl),
    configFile: reader.value<string | null>('CONFIG_FILE', null, absolute),
  };
}

function readTraffic(reader: EnvironmentReader) {
  const embedded = !reader.isSecretSet('DATABASE_URL');
  return {
    outboundAllow: reader.value('OUTBOUND_ALLOW', embedded ? EMBEDDED_OUTBOUND : [], listOf(parseOutboundEntry)),
    stdioCommands: reader.value('STDIO_COMMANDS', embedded ? EMBEDDED_COMMANDS : [], parseCommands),
    allowedOrigins: reader.value('ALLOWED_ORIGINS', [], listOf(parseOrigin)),
    allowedHosts: reader.value('ALLOWED_HOSTS', [], listOf(parseHost)),
    trustedProxies: reader.value('TRUSTED_PROXIES', [], listOf(parseCidr)),
  };
}

function readOperation(reader: EnvironmentReader) {
  const production = reader.text('NODE_ENV') === 'production';
  return {
    guardrailModules: reader.value('GUARDRAIL_MODULES', [], parseList),
    tracing: readTracing(reader),
    metricsPublic: reader.value('METRICS_PUBLIC', false, parseBoolean),
    approveOwnCalls: reader.value('APPROVE_OWN_CALLS', false, parseBoolean),
    auditMode: reader.value<Config['auditMode']>('AUDIT_MODE', 'buffered', parseAuditMode),
    auditRetentionDays: reader.value<number | null>('AUDIT_RETENTION_DAYS', null, wholeNumber(1, 36_500)),
    role: reader.value<Config['role']>('ROLE', 'all', parseRole),
    runMigrations: reader.value('MIGRATIONS_RUN', true, parseBoolean),
    toolPrefixSeparator: reader.value('MCP_TOOL_PREFIX_SEPARATOR', '-', parseSeparator),
    logLevel: reader.value<Config['logLevel']>('LOG_LEVEL', 'info', parseLogLevel),
    shutdownDelayMs: reader.value('SHUTDOWN_DELAY_SECONDS', production ? 5 : 0, wholeNumber(0, 20)) * 1000,
    sessionIdleMs: reader.value('SESSION_IDLE_SECONDS', 1800, wholeNumber(1, 604_800)) * 1000,
    listPageSize: reader.value('LIST_PAGE_SIZE', 5_000, wholeNumber(1, 10_000)),
    parkedCallMs: reader.value('PARKED_CALL_SECONDS', 300, wholeNumber(1, 3600)) * 1000,
    streamsPerKey: reader.value('STREAMS_PER_KEY', 100, wholeNumber(1, 100_000)),
  };
}

function readTracing(reader: EnvironmentReader): TracingConfig | null {
  const endpoint = reader.value<string | null>('OTEL_EXPORTER_OTLP_ENDPOINT', null, parseBaseUrl);
  const headers = reader.secretValue<TracingConfig['headers']>('OTEL_EXPORTER_OTLP_HEADERS', null, parseHeaderPairs);
  return endpoint === null ? null : { endpoint, headers };
}

function readJwtSigner(reader: EnvironmentReader) {
  return {
    signingKey: reader.secretValue<Secret | null>('MCP_JWT_SIGNING_KEY', null, parseSigningKey),
    issuer: reader.text('MCP_JWT_ISSUER'),
    audience: reader.text('MCP_JWT_AUDIENCE'),
    ttlSeconds: reader.value<number | null>('MCP_JWT_TTL_SECONDS', null, wholeNumber(1, 86_400)),
  };
}

function readSettings(
  reader: EnvironmentReader,
  { configFile, outboundAllow }: Pick<Config, 'configFile' | 'outboundAllow'>,
  env: NodeJS.ProcessEnv,
) {
  const file =
    configFile === null
      ? null
      : attempt(reader, 'CONFIG_FILE', () => readGatewayFile(configFile, { env, outboundAllow }));
  for (const fault of file?.faults ?? []) reader.fault('CONFIG_FILE', fault);
  return {
    jwtIssuers: file?.jwtIssuers ?? [],
    authorizationServer: file?.authorizationServer ?? null,
    unknownCustomers: file?.unknownCustomers ?? ('allow' as const),
    management: file?.management ?? DEFAULT_MANAGEMENT,
    guardrails: file?.guardrails ?? [],
    models: file?.models ?? [],
    semanticFilter: file?.semanticFilter ?? NO_SEMANTIC_FILTER,
    mcpServers: file?.mcpServers ?? [],
    ignoredSettings: file?.ignoredKeys ?? [],
  };
}

function readSecrets(
  reader: EnvironmentReader,
  dataDir: string,
  mode: { production: boolean; embedded: boolean },
): Secrets | null {
  const given = {
    masterKey: reader.secretValue<Secret | null>('MASTER_KEY', null, parseMasterKey),
    encryptionKeys: reader.secretValue<KeyringEntry[] | null>('ENCRYPTION_KEYS', null, parseKeyring),
  };
  const missing = ['MASTER_KEY', 'ENCRYPTION_KEYS'].filter((name) => !reader.isSecretSet(name));
  if (mode.production) missing.forEach((name) => reader.fault(name, missingInProduction(name)));
  if (mode.embedded || (missing.length > 0 && !mode.production)) {
    attempt(reader, 'DATA_DIR', () => ensureWritableDirectory(dataDir));
  }
  // A start that fails anyway leaves no secrets behind.
  return reader.faults.length > 0 ? null : completeSecrets(reader, dataDir, given);
}

function missingInProduction(name: string): string {
  return `is not set: with NODE_ENV=production it must be given, directly or as ${name}_FILE`;
}

function completeSecrets(
  reader: EnvironmentReader,
  dataDir: string,
  given: { masterKey: Secret | null; encryptionKeys: KeyringEntry[] | null },
): Secrets | null {
  const files = { masterKey: masterKeyPath(dataDir), encryptionKeys: encryptionKeysPath(dataDir) };
  const masterKey =
    given.masterKey ??
    attempt(reader, 'MASTER_KEY', () => generatedSecret(files.masterKey, newMasterKey, parseMasterKey));
  const encryptionKeys =
    given.encryptionKeys ??
    attempt(reader, 'ENCRYPTION_KEYS', () => generatedSecret(files.encryptionKeys, newKeyring, parseKeyring));
  if (masterKey === null || encryptionKeys === null) return null;
  return {
    masterKey,
    masterKeyFile: given.masterKey === null ? files.masterKey : null,
    encryptionKeys,
    encryptionKeysFile: given.encryptionKeys === null ? files.encryptionKeys : null,
  };
}

/** Runs a step and turns its {@link InvalidValue} into a fault of the variable. */
function attempt<T>(reader: EnvironmentReader, variable: string, step: () => T): T | null {
  try {
    return step();
  } catch (thrown) {
    if (!(thrown instanceof InvalidValue)) throw thrown;
    reader.fault(variable, thrown.message);
    return null;
  }
}

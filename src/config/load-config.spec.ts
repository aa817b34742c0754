import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration-error.js';
import { loadConfig } from './load-config.js';

const MASTER_KEY = `sk-${randomBytes(24).toString('hex')}`;
const KEY = randomBytes(32).toString('base64');
const DATABASE_URL = 'postgres://canary-user:canary-password@db.lan:5432/gatehouse';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const load = (env: NodeJS.ProcessEnv = {}) => loadConfig(env, directory);
const secretsGiven = { MASTER_KEY, ENCRYPTION_KEYS: `k1:${KEY}` };

function faultsOf(env: NodeJS.ProcessEnv): ConfigurationError {
  try {
    load(env);
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return thrown;
    throw thrown;
  }
  throw new Error('the configuration was accepted');
}

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('the embedded default', () => {
  it('needs no variable at all', () => {
    expect(load()).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      production: false,
      databaseUrl: null,
      redisUrl: null,
      dataDir: join(directory, '.data'),
      publicBaseUrl: null,
      replicaUrl: null,
      outboundAllow: [
        { kind: 'cidr', cidr: '127.0.0.0/8' },
        { kind: 'cidr', cidr: '::1/128' },
      ],
      stdioCommands: ['npx', 'node', 'uvx', 'python3', 'docker'],
      allowedOrigins: [],
      toolPrefixSeparator: '-',
      metricsPublic: false,
      runMigrations: true,
      logLevel: 'info',
      sessionIdleMs: 1_800_000,
      listPageSize: 5_000,
      parkedCallMs: 300_000,
      streamsPerKey: 100,
    });
  });

  it('makes its secrets once, for the owner only, and reads them again', () => {
    const first = load();
    const second = load();
    expect(first.masterKeyFile).toBe(join(directory, '.data', 'master-key'));
    expect(first.masterKey.reveal()).toMatch(/^sk-.{40,}$/);
    expect(second.masterKey.reveal()).toBe(first.masterKey.reveal());
    expect(second.encryptionKeys[0]?.key.reveal()).toEqual(first.encryptionKeys[0]?.key.reveal());
    for (const file of [first.masterKeyFile, first.encryptionKeysFile]) {
      expect(statSync(file ?? '').mode & 0o777).toBe(0o600);
    }
  });

  it('makes no secret that is given', () => {
    const config = load(secretsGiven);
    expect(config).toMatchObject({ masterKeyFile: null, encryptionKeysFile: null });
    expect(config.masterKey.reveal()).toBe(MASTER_KEY);
    expect(existsSync(join(directory, '.data', 'master-key'))).toBe(false);
  });

  it('does not replace a damaged secret', () => {
    const file = load().encryptionKeysFile ?? '';
    writeFileSync(file, 'canary');
    expect(faultsOf({}).message).toMatch(/ENCRYPTION_KEYS is kept in a file of DATA_DIR that is damaged: restore it/);
    expect(readFileSync(file, 'utf8')).toBe('canary');
  });

  it('leaves nothing behind when it cannot start', () => {
    faultsOf({ PORT: 'x' });
    expect(existsSync(join(directory, '.data', 'master-key'))).toBe(false);
  });

  it('treats an empty variable as unset and prints no secret', () => {
    const config = load({ PORT: '', OUTBOUND_ALLOW: ' ', MASTER_KEY: '' });
    expect(config.port).toBe(4000);
    expect(config.outboundAllow).toHaveLength(2);
    expect(JSON.stringify(config)).not.toContain(config.masterKey.reveal());
    expect(Object.isFrozen(config)).toBe(true);
  });
});

describe('with a database of the operator', () => {
  it('nothing is opened to upstreams', () => {
    const config = load({ ...secretsGiven, DATABASE_URL });
    expect(config).toMatchObject({ outboundAllow: [], stdioCommands: [] });
    expect(config.databaseUrl?.reveal()).toBe(DATABASE_URL);
  });

  it('the data directory is not touched when the secrets are given', () => {
    load({ ...secretsGiven, DATABASE_URL, DATA_DIR: join(write('file', ''), 'data') });
    expect(existsSync(join(directory, '.data'))).toBe(false);
  });

  it('missing secrets are made, but not in production', () => {
    expect(load({ DATABASE_URL }).masterKeyFile).not.toBeNull();
    const error = faultsOf({ DATABASE_URL, NODE_ENV: 'production', DATA_DIR: 'other' });
    expect(error.faults.map(({ variable }) => variable)).toEqual(['MASTER_KEY', 'ENCRYPTION_KEYS']);
    expect(existsSync(join(directory, 'other'))).toBe(false);
  });
});

describe('values', () => {
  it('are read from files', () => {
    const config = load({
      MASTER_KEY_FILE: write('key', `${MASTER_KEY}\n`),
      ENCRYPTION_KEYS_FILE: write('ring', `new:${KEY},old:${randomBytes(32).toString('base64url')}\n`),
      DATABASE_URL_FILE: write('database', DATABASE_URL),
      REDIS_URL_FILE: write('redis', 'rediss://cache.lan:6380'),
    });
    expect(config.masterKey.reveal()).toBe(MASTER_KEY);
    expect(config.encryptionKeys.map(({ kid }) => kid)).toEqual(['new', 'old']);
    expect(config.databaseUrl?.reveal()).toBe(DATABASE_URL);
    expect(config.redisUrl?.reveal()).toBe('rediss://cache.lan:6380');
    expect(config.stdioCommands).toEqual([]);
  });

  it('are completed and brought into one form', () => {
    const config = load({
      HOST: '::1',
      PORT: '0',
      PUBLIC_BASE_URL: 'https://gate.example.com/mcp-gateway',
      REPLICA_URL: 'http://10.0.0.7:4000',
      OUTBOUND_ALLOW: '10.0.0.0/8, 10.1.2.3,DB.lan:8080 ,[fd00::1]:9000,fd00::/8,plain',
      TRUSTED_PROXIES: '10.0.0.1,fd00::/8',
      ALLOWED_ORIGINS: 'https://App.example.com,http://localhost:3000',
      ALLOWED_HOSTS: 'Gate.Example.com',
      GUARDRAIL_MODULES: './hooks/a.js, pkg ,./hooks/a.js',
      STDIO_COMMANDS: 'npx',
      MCP_TOOL_PREFIX_SEPARATOR: '__',
      METRICS_PUBLIC: 'true',
      MIGRATIONS_RUN: 'false',
      SESSION_IDLE_SECONDS: '60',
      LIST_PAGE_SIZE: '7',
      PARKED_CALL_SECONDS: '30',
      STREAMS_PER_KEY: '7',
    });
    expect(config).toMatchObject({
      host: '::1',
      port: 0,
      publicBaseUrl: 'https://gate.example.com/mcp-gateway',
      replicaUrl: 'http://10.0.0.7:4000',
      outboundAllow: [
        { kind: 'cidr', cidr: '10.0.0.0/8' },
        { kind: 'cidr', cidr: '10.1.2.3/32' },
        { kind: 'host', host: 'db.lan', port: 8080 },
        { kind: 'host', host: 'fd00::1', port: 9000 },
        { kind: 'cidr', cidr: 'fd00::/8' },
        { kind: 'host', host: 'plain', port: null },
      ],
      trustedProxies: ['10.0.0.1/32', 'fd00::/8'],
      allowedOrigins: ['https://app.example.com', 'http://localhost:3000'],
      allowedHosts: ['gate.example.com'],
      guardrailModules: ['./hooks/a.js', 'pkg'],
      stdioCommands: ['npx'],
      toolPrefixSeparator: '__',
      metricsPublic: true,
      runMigrations: false,
      sessionIdleMs: 60_000,
      listPageSize: 7,
      parkedCallMs: 30_000,
      streamsPerKey: 7,
    });
  });
});

describe('faults', () => {
  it('are listed all at once, one line each, without any value', () => {
    const error = faultsOf({ PORT: 'canary', LOG_LEVEL: 'canary', REDIS_URL: 'http://canary', MASTER_KEY: 'canary' });
    expect(error.faults.map(({ variable }) => variable)).toEqual(['PORT', 'REDIS_URL', 'LOG_LEVEL', 'MASTER_KEY']);
    expect(error.message.split('\n')).toHaveLength(5);
    expect(error.message).not.toContain('canary');
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '4e3'],
    ['HOST', 'http://host'],
    ['HOST', 'host:80'],
    ['DATABASE_URL', 'mysql://host/db'],
    ['DATABASE_URL', 'postgres://'],
    ['REDIS_URL', 'cache.lan:6379'],
    ['PUBLIC_BASE_URL', 'https://gate.example.com/'],
    ['REPLICA_URL', '10.0.0.7:4000'],
    ['REPLICA_URL', 'http://10.0.0.7:4000/mcp'],
    ['REPLICA_URL', 'ftp://10.0.0.7'],
    ['PUBLIC_BASE_URL', 'https://user:pass@gate.example.com'],
    ['PUBLIC_BASE_URL', 'ftp://gate.example.com'],
    ['PUBLIC_BASE_URL', 'https://gate.example.com?x=1'],
    ['MASTER_KEY', 'sk-short'],
    ['MASTER_KEY', `pk-${randomBytes(24).toString('hex')}`],
    ['MASTER_KEY', `sk-${'a'.repeat(40)}`],
    ['MASTER_KEY', 'sk-please-change-me-to-something-random'],
    ['MASTER_KEY', 'sk-with a space, and long enough for all'],
    ['ENCRYPTION_KEYS', KEY],
    ['ENCRYPTION_KEYS', 'k1:c2hvcnQ='],
    ['ENCRYPTION_KEYS', `k1:${KEY},k1:${randomBytes(32).toString('base64')}`],
    ['ENCRYPTION_KEYS', `k1:${Buffer.alloc(32).toString('base64')}`],
    ['ENCRYPTION_KEYS', `k.1:${KEY}`],
    ['OUTBOUND_ALLOW', '10.0.0.0/33'],
    ['OUTBOUND_ALLOW', '10.1/8'],
    ['OUTBOUND_ALLOW', 'http://db.lan'],
    ['OUTBOUND_ALLOW', 'db.lan:99999'],
    ['OUTBOUND_ALLOW', '2130706433'],
    ['OUTBOUND_ALLOW', '*.lan'],
    ['TRUSTED_PROXIES', 'proxy.lan'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/path'],
    ['ALLOWED_HOSTS', 'gate.example.com:443'],
    ['STDIO_COMMANDS', 'npx -y'],
    ['MCP_TOOL_PREFIX_SEPARATOR', '/'],
    ['MCP_TOOL_PREFIX_SEPARATOR', '---'],
    ['METRICS_PUBLIC', 'yes'],
    ['MIGRATIONS_RUN', '1'],
    ['SESSION_IDLE_SECONDS', '0'],
    ['LIST_PAGE_SIZE', '0'],
    ['LIST_PAGE_SIZE', '10001'],
    ['PARKED_CALL_SECONDS', '0'],
    ['STREAMS_PER_KEY', '0'],
    ['LOG_LEVEL', 'loud'],
    ['MASTER_KEY_FILE', '/no/such/file'],
  ])('%s: %s', (variable, value) => {
    expect(faultsOf({ [variable]: value }).faults.map((fault) => fault.variable)).toEqual([variable]);
  });

  it('a secret and its file together', () => {
    const error = faultsOf({ ...secretsGiven, MASTER_KEY_FILE: write('key', MASTER_KEY) });
    expect(error.message).toContain('MASTER_KEY and MASTER_KEY_FILE are both set');
  });

  it.each(['file/data', 'file'])('a data directory in place of a file: %s', (path) => {
    write('file', '');
    expect(faultsOf({ DATA_DIR: path }).message).toContain(
      'DATA_DIR is not writable: it, or a part of its path, is a file; set it to a directory that this user may write',
    );
  });

  it('a data directory at a place that takes none, which root learns only by trying', () => {
    symlinkSync('absent', join(directory, 'dangling'));
    expect(faultsOf({ DATA_DIR: 'dangling' }).message).toContain('DATA_DIR is not writable: it cannot be created');
  });
});

describe('gateway.yaml', () => {
  it.each([
    ['a: [1', /CONFIG_FILE is not valid YAML: see line 1/],
    ['ok: 1\nbad: canary: x\n', /CONFIG_FILE is not valid YAML: see line 2/],
    ['- canary', /CONFIG_FILE line 1: the file must be a map/],
    ['canary', /CONFIG_FILE line 1: the file must be a map/],
  ])('%j is a fault that names its line', (text, expected) => {
    const { message } = faultsOf({ CONFIG_FILE: write('gateway.yaml', text) });
    expect(message).toMatch(expected);
    expect(message).not.toContain('canary');
  });

  it('must exist', () => {
    expect(faultsOf({ CONFIG_FILE: 'absent.yaml' }).message).toMatch(/CONFIG_FILE cannot be read \(ENOENT\)/);
  });

  it('may be empty, and every key that has no effect is named', () => {
    const path = write('gateway.yaml', 'router_settings: []\ngeneral_settings: {a: 1}\n');
    const config = load({ CONFIG_FILE: 'gateway.yaml' });
    expect(config.configFile).toBe(path);
    expect(config.ignoredSettings).toEqual(['router_settings', 'general_settings.a']);
    write('empty.yaml', '# nothing\n');
    expect(load({ CONFIG_FILE: 'empty.yaml' }).ignoredSettings).toEqual([]);
  });
});

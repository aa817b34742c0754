import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { FieldCipher } from '../database/field-cipher.js';
import { ENCRYPTED_COLUMNS, McpServerCodec, toServer } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { DEFAULT_SETTINGS, type ServerSettings } from './server-settings.js';

const CANARY = 'canary-value';
const keyring: Pick<Config, 'encryptionKeys'> = {
  encryptionKeys: [{ kid: 'k1', key: new Secret<Buffer>(randomBytes(32)) }],
};
const codec = new McpServerCodec(new FieldCipher(keyring as Config));

const secrets: ServerSettings = {
  ...DEFAULT_SETTINGS,
  url: `https://a/${CANARY}`,
  spec_path: `https://a/${CANARY}.json`,
  credentials: { auth_value: CANARY },
  static_headers: { 'X-Secret': CANARY },
  args: [CANARY, ''],
  env: { A: CANARY },
};

function rowOf(id: string, settings: ServerSettings): McpServerEntity {
  const kept = { approval_status: 'active' as const, submitted_by: null, health_status: 'unknown' as const };
  return Object.assign(new McpServerEntity(), { ...settings, ...codec.encrypt(id, settings), server_id: id, ...kept });
}

describe('McpServerCodec', () => {
  it('stores no secret in clear and reads all of them back', () => {
    const row = rowOf('id-1', secrets);
    expect(JSON.stringify(row)).not.toContain(CANARY);
    expect(codec.toDetails(row)).toMatchObject(secrets);
  });

  it('keeps null and empty apart', () => {
    expect(codec.toDetails(rowOf('id-1', DEFAULT_SETTINGS))).toMatchObject({
      url: null,
      credentials: null,
      static_headers: {},
      args: [],
      env: {},
    });
  });

  it.each(ENCRYPTED_COLUMNS)('does not read %s of another row', (column) => {
    const row = rowOf('id-1', secrets);
    const stolen = Object.assign(rowOf('id-2', secrets), { [column]: row[column] });
    expect(() => codec.toDetails(stolen)).toThrow('cannot be decrypted');
  });

  it('does not read a value of another column', () => {
    const row = rowOf('id-1', secrets);
    row.static_headers = row.env;
    expect(() => codec.toDetails(row)).toThrow('cannot be decrypted');
  });
});

describe('toServer', () => {
  const server = toServer(codec.toDetails(rowOf('id-1', { ...secrets, server_name: 'My Server', timeout: 2.5 })));

  it('hides secrets from everything that prints', () => {
    expect(JSON.stringify(server)).not.toContain(CANARY);
    expect(server.staticHeaders.reveal()).toEqual({ 'x-secret': CANARY });
    expect(server.url?.reveal()).toBe(secrets.url);
  });

  it('derives the prefix, and times in milliseconds', () => {
    expect(server).toMatchObject({ prefix: 'My_Server', timeoutMs: 2500, healthCheckIntervalMs: 60_000 });
  });

  it('takes 0 concurrent requests for unlimited', () => {
    const unlimited = toServer(codec.toDetails(rowOf('id-1', { ...secrets, max_concurrent_requests: 0 })));
    expect(unlimited.maxConcurrentRequests).toBeNull();
    expect(unlimited.prefix).toBe('id-1');
  });
});

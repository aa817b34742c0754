import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration-error.js';
import { loadConfig, type LoadedConfig } from './load-config.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function load(file: string, env: Record<string, string> = {}): LoadedConfig {
  writeFileSync(join(directory, 'gateway.yaml'), file);
  return loadConfig({ CONFIG_FILE: 'gateway.yaml', DATA_DIR: 'data', ...env }, directory);
}

describe('CONFIG_FILE', () => {
  it('adds issuers to the configuration and tells what it ignored', () => {
    const config = load(
      'router_settings: []\ngeneral_settings:\n  jwt_issuers:\n' +
        '    - { issuer: os.environ/ISSUER, audience: gatehouse, jwks_uri: https://idp.example/jwks }\n',
      { ISSUER: 'https://idp.example' },
    );
    expect(config.jwtIssuers).toMatchObject([{ issuer: 'https://idp.example', audiences: ['gatehouse'] }]);
    expect(config.ignoredSettings).toEqual(['router_settings']);
  });

  it('says whether unknown customers are refused', () => {
    expect(load('general_settings: { unknown_customers: deny }\n').unknownCustomers).toBe('deny');
    expect(load('').unknownCustomers).toBe('allow');
    expect(loadConfig({ DATA_DIR: 'data' }, directory).unknownCustomers).toBe('allow');
  });

  it('has all its faults listed together with those of variables', () => {
    const attempt = (): unknown => load('general_settings:\n  jwt_issuers:\n    - issuer: i\n', { PORT: 'x' });
    expect(attempt).toThrow(ConfigurationError);
    expect(attempt).toThrow(
      /PORT must be[^]*CONFIG_FILE line 3: general_settings\.jwt_issuers\[0\]\.audience is missing[^]*CONFIG_FILE line 3: general_settings\.jwt_issuers\[0\] needs one of/,
    );
  });

  it('may be left out', () => {
    expect(loadConfig({ DATA_DIR: 'data' }, directory)).toMatchObject({ jwtIssuers: [], ignoredSettings: [] });
  });
});

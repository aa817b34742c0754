import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readGatewayFile, type GatewayFile } from './gateway-file.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-login-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function read(setting: string): GatewayFile {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, `general_settings:\n  authorization_server: ${setting}\n`);
  return readGatewayFile(path, { env: { SECRET: 'of-the-client' }, outboundAllow: [] });
}

const PROVIDER = 'issuer: https://idp.example.com/, client_id: gatehouse';

describe('authorization_server', () => {
  it('is read with all its members', () => {
    const { authorizationServer, faults, ignoredKeys } = read(
      `{ login: identity_provider, access_token_seconds: 120, login_days: 2, identity_provider: { ${PROVIDER}, client_secret: os.environ/SECRET, scopes: [email], claims: { user_id: email, team_id: org.team, organization_id: o, customer_id: c } } }`,
    );
    expect({ faults, ignoredKeys }).toEqual({ faults: [], ignoredKeys: [] });
    expect(authorizationServer).toMatchObject({
      ...{ accessTokenSeconds: 120, loginSeconds: 172_800 },
      identityProvider: {
        ...{ issuer: 'https://idp.example.com/', clientId: 'gatehouse', scopes: ['openid', 'email'] },
        claims: { userId: 'email', teamId: 'org.team', organizationId: 'o', customerId: 'c' },
      },
    });
    expect(authorizationServer?.identityProvider?.clientSecret?.reveal()).toBe('of-the-client');
    expect(JSON.stringify(authorizationServer)).not.toContain('of-the-client');
  });

  it('has defaults', () => {
    expect(read(`{ login: identity_provider, identity_provider: { ${PROVIDER} } }`).authorizationServer).toMatchObject({
      ...{ accessTokenSeconds: 600, loginSeconds: 2_592_000 },
      identityProvider: {
        ...{ clientSecret: null, scopes: ['openid'] },
        claims: { userId: 'sub', teamId: null, organizationId: null, customerId: null },
      },
    });
    expect(read('{ login: virtual_key }').authorizationServer).toMatchObject({ identityProvider: null });
    expect(read('').authorizationServer).toBeNull();
  });

  it.each([
    ['{}', 'login is missing'],
    ['{ login: password }', 'login must be identity_provider or virtual_key'],
    ['{ login: identity_provider }', 'identity_provider is missing'],
    [`{ login: virtual_key, identity_provider: { ${PROVIDER} } }`, 'identity_provider has no use'],
    ['{ login: identity_provider, identity_provider: { client_id: x } }', 'issuer is missing'],
    [
      '{ login: identity_provider, identity_provider: { issuer: http://idp.example.com, client_id: x } }',
      'must be an https',
    ],
    ['{ login: identity_provider, identity_provider: { issuer: https://idp.example.com } }', 'client_id is missing'],
    ['{ login: virtual_key, access_token_seconds: 5 }', 'access_token_seconds must be a number from 60 to 3600'],
    ['{ login: virtual_key, login_days: 0 }', 'login_days must be a number from 1 to 365'],
  ])('is refused: %s', (setting, fault) => {
    expect(read(setting).faults).toEqual([expect.stringContaining(fault)]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutboundAllowEntry } from './config.js';
import { readGatewayFile, type GatewayFile } from './gateway-file.js';
import { DEFAULT_MANAGEMENT } from './parse-management.js';
import { NO_SEMANTIC_FILTER } from './parse-semantic-filter.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-file-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ENV = { AUDIENCE: 'from-the-environment', EMPTY: ' ' };
const ALLOW: readonly OutboundAllowEntry[] = [
  { kind: 'host', host: 'keycloak', port: 8080 },
  { kind: 'cidr', cidr: '10.0.0.0/8' },
];

function read(text: string): GatewayFile {
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, text);
  return readGatewayFile(path, { env: ENV, outboundAllow: ALLOW });
}

/** A file with one issuer: these lines replace those of the same key in a good one. */
function withIssuer(changes: Record<string, string>): GatewayFile {
  const good = { issuer: 'https://idp.example', audience: 'gatehouse', jwks_uri: 'https://idp.example/jwks' };
  const members = Object.entries({ ...good, ...changes }).filter(([, value]) => value !== '');
  return read(
    `general_settings:\n  jwt_issuers:\n    - {${members.map(([key, value]) => `${key}: ${value}`).join(', ')}}\n`,
  );
}

describe('jwt_issuers', () => {
  it('are read with all their members', () => {
    const { jwtIssuers, faults, ignoredKeys } = read(`
general_settings:
  jwt_issuers:
    - issuer: https://idp.example/realms/a
      audience: [gatehouse, os.environ/AUDIENCE]
      discovery_url: https://idp.example/realms/a/.well-known/openid-configuration
      algorithms: [PS256, EdDSA]
      claims: { user_id: uid, team_id: org.team, organization_id: org.id, customer_id: cust, roles: r, groups: g }
      role_map: { admins: proxy_admin }
      virtual_key_claim: gatehouse.key
`);
    expect({ faults, ignoredKeys }).toEqual({ faults: [], ignoredKeys: [] });
    expect(jwtIssuers).toEqual([
      {
        issuer: 'https://idp.example/realms/a',
        audiences: ['gatehouse', 'from-the-environment'],
        keySource: { kind: 'discovery', url: 'https://idp.example/realms/a/.well-known/openid-configuration' },
        algorithms: ['PS256', 'EdDSA'],
        claims: {
          ...{ userId: 'uid', teamId: 'org.team', organizationId: 'org.id' },
          ...{ customerId: 'cust', roles: 'r', groups: 'g' },
        },
        roleMap: { admins: 'proxy_admin' },
        virtualKeyClaim: 'gatehouse.key',
      },
    ]);
    expect(Object.isFrozen(jwtIssuers) && jwtIssuers.every((issuer) => Object.isFrozen(issuer))).toBe(true);
  });

  it('have defaults that trust little', () => {
    expect(withIssuer({}).jwtIssuers).toEqual([
      {
        issuer: 'https://idp.example',
        audiences: ['gatehouse'],
        keySource: { kind: 'jwks', url: 'https://idp.example/jwks' },
        algorithms: ['RS256', 'ES256'],
        claims: { userId: 'sub', teamId: null, organizationId: null, customerId: null, roles: null, groups: null },
        roleMap: {},
        virtualKeyClaim: null,
      },
    ]);
    expect(withIssuer({ claims: '{user_id: null}' }).jwtIssuers[0]?.claims.userId).toBeNull();
  });

  it.each([
    'http://127.0.0.1:1/k',
    'http://localhost/k',
    'http://[::1]/k',
    'http://keycloak:8080/k',
    'http://10.1.2.3/k',
  ])('may have their keys at %s', (url) => {
    expect(withIssuer({ jwks_uri: `"${url}"` }).faults).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no issuer', { issuer: '' }, 'jwt_issuers[0].issuer is missing'],
    ['an issuer that is a number', { issuer: '5' }, 'jwt_issuers[0].issuer must be a text'],
    ['no audience', { audience: '' }, 'jwt_issuers[0].audience is missing'],
    ['no audience in the list', { audience: '[]' }, 'jwt_issuers[0].audience is missing'],
    ['a number in the list', { audience: '[a, 1]' }, 'jwt_issuers[0].audience[1] must be a text'],
    ['no place of keys', { jwks_uri: '' }, 'jwt_issuers[0] needs one of jwks_uri and discovery_url'],
    ['two places of keys', { discovery_url: 'https://b.example' }, 'jwt_issuers[0] needs one of'],
    ['keys without TLS', { jwks_uri: 'http://idp.example/k' }, 'jwt_issuers[0].jwks_uri must be an https URL'],
    ['keys at another port', { jwks_uri: '"http://keycloak:1/k"' }, 'jwt_issuers[0].jwks_uri must be an https URL'],
    ['a file', { jwks_uri: 'file:///etc/passwd' }, 'jwt_issuers[0].jwks_uri must be an https URL'],
    ['credentials', { jwks_uri: 'https://u:p@idp.example/k' }, 'jwt_issuers[0].jwks_uri must be an https URL'],
    ['a symmetric algorithm', { algorithms: '[RS256, HS256]' }, 'jwt_issuers[0].algorithms[1] must be one of RS256'],
    ['no signature', { algorithms: '[none]' }, 'jwt_issuers[0].algorithms[0] must be one of'],
    ['no algorithm', { algorithms: '[]' }, 'jwt_issuers[0].algorithms must name'],
    ['one algorithm as text', { algorithms: 'RS256' }, 'jwt_issuers[0].algorithms must be a list'],
    ['an unknown role', { role_map: '{a: god}' }, 'jwt_issuers[0].role_map.a must be one of proxy_admin'],
    ['an unset variable', { issuer: 'os.environ/NOPE' }, 'jwt_issuers[0].issuer refers to os.environ/NOPE'],
    ['an empty variable', { issuer: 'os.environ/EMPTY' }, 'jwt_issuers[0].issuer refers to os.environ/EMPTY'],
    ['claims that are a list', { claims: '[sub]' }, 'jwt_issuers[0].claims must be a map'],
  ])('are refused with %s', (_, changes, fault) => {
    const { faults, jwtIssuers } = withIssuer(changes);
    expect(faults).toContainEqual(expect.stringContaining(`line 3: general_settings.${fault}`));
    expect(faults.join()).not.toMatch(/god|HS256|etc\/passwd|u:p/);
    // A fault stops the start, so what is left of the issuer does not matter, but a half one would be worse than none.
    expect(jwtIssuers.every(({ audiences, algorithms }) => audiences.length > 0 && algorithms.length > 0)).toBe(true);
  });

  it('are all checked at once, each with its line', () => {
    const { faults } = read(`general_settings:
  jwt_issuers:
    - issuer: https://idp.example
      jwks_uri: https://idp.example/jwks
    - audience: gatehouse
      jwks_uri: nonsense
    - issuer: &name https://other.example
      audience: a
      jwks_uri: https://other.example/jwks
    - issuer: *name
      audience: b
      jwks_uri: https://other.example/jwks
    - text
`);
    expect(
      faults.map((fault) => fault.replace('general_settings.jwt_issuers', '').split(' ').slice(0, 3).join(' ')),
    ).toEqual(['line 3: [0].audience', 'line 5: [1].issuer', 'line 6: [1].jwks_uri', 'line 10: [3]', 'line 13: [4]']);
  });
});

describe('settings of the management API', () => {
  it('are read', () => {
    const text = `general_settings:
  mcp_required_fields: [description, source_url]
  enable_mcp_registry: true
  user_mcp_management_mode: view_all
`;
    expect(read(text)).toMatchObject({
      management: { requiredFields: ['description', 'source_url'], registryEnabled: true, listAllServers: true },
      ...{ faults: [], ignoredKeys: [] },
    });
  });

  it.each([
    ['mcp_required_fields: [credentials]', /^line 2: general_settings.mcp_required_fields may name only/],
    ['mcp_required_fields: { a: b }', /mcp_required_fields/],
    ['enable_mcp_registry: "yes"', /^line 2: general_settings.enable_mcp_registry must be true or false$/],
    ['user_mcp_management_mode: all', /^line 2: general_settings.user_mcp_management_mode must be restricted or/],
  ])('have faults that name line and field: %s', (line, fault) => {
    expect(read(`general_settings:\n  ${line}\n`).faults).toEqual([expect.stringMatching(fault)]);
  });
});

describe('other settings', () => {
  it('are ignored by name', () => {
    const { ignoredKeys, faults } = read(`
router_settings: {}
general_settings:
  master_key: os.environ/NOPE
  jwt_issuers:
    - { issuer: i, audience: a, jwks_uri: https://idp.example/k, audiences: b, claims: { team: t } }
`);
    expect(faults).toEqual([]);
    expect(ignoredKeys).toEqual([
      'router_settings',
      'general_settings.master_key',
      'general_settings.jwt_issuers[0].audiences',
      'general_settings.jwt_issuers[0].claims.team',
    ]);
  });

  it.each(['', '# nothing\n', 'general_settings:\n'])('may be missing: %j', (text) => {
    expect(read(text)).toEqual({
      ...{ jwtIssuers: [], unknownCustomers: 'allow', guardrails: [], mcpServers: [], faults: [], ignoredKeys: [] },
      ...{ models: [], semanticFilter: NO_SEMANTIC_FILTER, management: DEFAULT_MANAGEMENT, authorizationServer: null },
    });
  });

  it.each([
    ['deny', 'deny'],
    ['allow', 'allow'],
    ['~', 'allow'],
  ])('unknown_customers %s means %s', (written, meant) => {
    const { unknownCustomers, faults } = read(`general_settings:\n  unknown_customers: ${written}\n`);
    expect({ unknownCustomers, faults }).toEqual({ unknownCustomers: meant, faults: [] });
  });

  it.each(['block', 'true', '[deny]'])('unknown_customers cannot be %s', (written) => {
    const { faults } = read(`general_settings:\n  unknown_customers: ${written}\n`);
    expect(faults).toEqual([expect.stringMatching(/^line 2: general_settings\.unknown_customers must be a/)]);
  });

  it('must be a map', () => {
    expect(read('- a\n').faults).toEqual(['line 1: the file must be a map']);
  });

  it.each(['a: [', 'a: 1\na: 2\n'])('must be YAML: %j', (text) => {
    expect(() => read(text)).toThrow(/is not valid YAML: see line \d/);
  });
});

describe('model_list', () => {
  const entry = (params: string): GatewayFile =>
    read(`model_list:\n  - {model_name: small, litellm_params: {${params}}}\n`);

  it('is read, with the prefixes of LiteLLM for providers of this kind taken off', () => {
    const { models, faults, ignoredKeys } = read(`
model_list:
  - model_name: small
    litellm_params: { model: openai/text-embedding-3-small, api_key: os.environ/AUDIENCE }
  - model_name: local
    litellm_params: { model: org/model, api_base: "http://127.0.0.1:9000/v1/", temperature: 0 }
`);
    expect(faults).toEqual([]);
    expect(ignoredKeys).toEqual(['model_list[1].litellm_params.temperature']);
    expect(models).toMatchObject([
      { name: 'small', model: 'text-embedding-3-small', apiBase: 'https://api.openai.com/v1' },
      { name: 'local', model: 'org/model', apiBase: 'http://127.0.0.1:9000/v1', apiKey: null },
    ]);
    expect(models[0]?.apiKey?.reveal()).toBe('from-the-environment');
    expect(JSON.stringify(models)).not.toContain('from-the-environment');
  });

  it.each([
    ['', 'line 2: model_list[0].litellm_params.model is missing'],
    ['model: m, api_base: ftp://x', 'line 2: model_list[0].litellm_params.api_base must be an http or https URL'],
    ['model: m, api_base: "https://u:p@x"', 'api_base must have no user name, password, query or fragment'],
    ['model: m, api_key: 7', 'line 2: model_list[0].litellm_params.api_key must be a text that is not empty'],
  ])('is refused with {%s}', (params, fault) => {
    expect(entry(params).faults.join('\n')).toContain(fault);
  });

  it('is refused with one name twice', () => {
    const one = '  - {model_name: a, litellm_params: {model: m}}\n';
    expect(read(`model_list:\n${one}${one}`).faults).toEqual([
      'line 3: model_list[1] has the model_name of another entry: a',
    ]);
  });
});

describe('mcp_semantic_tool_filter', () => {
  const withFilter = (settings: string): GatewayFile =>
    read(`model_list:
  - {model_name: small, litellm_params: {model: m}}
litellm_settings:
  mcp_semantic_tool_filter: {${settings}}
`);

  it('is read', () => {
    const { semanticFilter, faults } = withFilter(
      'enabled: true, embedding_model: small, top_k: 5, similarity_threshold: 0.5',
    );
    expect(faults).toEqual([]);
    expect(semanticFilter).toMatchObject({
      ...{ enabled: true, topK: 5, similarityThreshold: 0.5 },
      embeddingModel: { name: 'small', model: 'm' },
    });
  });

  it.each([
    ['embedding_model: smal', 'embedding_model is not a model_name of model_list'],
    ['top_k: 0', 'top_k must be a number from 1 to 500'],
    ['top_k: 1.5', 'top_k must be a whole number'],
    ['similarity_threshold: 2', 'similarity_threshold must be a number from 0 to 1'],
    ['enabled: maybe', 'enabled must be true or false'],
  ])('is refused with {%s}', (settings, fault) => {
    expect(withFilter(settings).faults).toEqual([`line 4: litellm_settings.mcp_semantic_tool_filter.${fault}`]);
  });
});

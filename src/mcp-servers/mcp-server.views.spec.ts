import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { getMetadataArgsStorage } from 'typeorm';
import { MASTER_PRINCIPAL } from '../auth/key-principal.js';
import type { Principal } from '../auth/principal.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { serverViewSchemas } from './mcp-server.schemas.js';
import {
  isAdminView,
  readerOf,
  READERS,
  SERVER_COLUMNS,
  toAdminView,
  toNonAdminView,
  toRestrictedView,
  toViewerView,
  viewFor,
} from './mcp-server.views.js';
import type { ServerDetails } from './server-details.js';

const CANARY = 'canary';
const NOW = new Date('2026-01-31T12:00:00.000Z');

/** A server whose every secret is, or holds, the canary. */
const server: ServerDetails = {
  server_id: 'id-1',
  server_name: 'Everything',
  alias: 'everything',
  description: 'description',
  instructions: 'instructions',
  transport: 'http',
  url: `https://user:${CANARY}@mcp.example.com/mcp/sk-${CANARY}-12345678?token=${CANARY}`,
  spec_path: `https://mcp.example.com/openapi.json?token=${CANARY}`,
  auth_type: 'bearer_token',
  credentials: { auth_value: CANARY },
  static_headers: { 'x-secret': CANARY },
  extra_headers: ['x-tenant'],
  command: 'npx',
  args: ['--api-key', CANARY, `--token=${CANARY}`, `https://${CANARY}@example.com/`, 'plain'],
  env: { API_KEY: CANARY },
  env_vars: [
    { name: 'TENANT', value: CANARY, scope: 'global', description: null },
    { name: 'OWN', value: '', scope: 'user', description: 'yours' },
  ],
  issuer: 'https://login.example.com',
  authorization_url: 'https://login.example.com/authorize',
  token_url: `https://login.example.com/token?key=${CANARY}`,
  registration_url: 'https://login.example.com/register',
  oauth2_flow: 'client_credentials',
  token_exchange_endpoint: 'https://login.example.com/exchange?tenant=1',
  audience: 'https://mcp.example.com/',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_exchange_profile: 'rfc8693',
  is_byok: true,
  byok_description: ['line'],
  byok_api_key_help_url: 'https://example.com/keys',
  allowed_tools: ['echo'],
  disallowed_tools: ['rm'],
  allowed_params: { echo: ['message'] },
  argument_rules: [{ tool: 'echo', when: 'true', effect: 'allow', message: null }],
  tool_name_to_display_name: { echo: 'say' },
  tool_name_to_description: { echo: 'says' },
  mcp_info: { logo_url: 'logo' },
  is_public: true,
  allow_all_keys: true,
  available_on_public_internet: false,
  mcp_access_groups: ['developers'],
  guardrails: ['no-deletes'],
  timeout: 5,
  max_concurrent_requests: 3,
  protocol_era: '2025',
  session_mode: 'shared',
  health_check_interval: 30,
  source_url: 'https://example.com/source',
  approval_status: 'active',
  submitted_by: 'user-1',
  submitted_at: NOW,
  reviewed_at: NOW,
  review_notes: 'notes',
  health_status: 'healthy',
  last_health_check: NOW,
  health_check_error: 'timeout',
  revision: 7,
  created_at: NOW,
  created_by: 'master',
  updated_at: NOW,
  updated_by: 'master',
  is_config: false,
};

const hidden = {
  credentials: null,
  credential_keys: [],
  url: null,
  spec_path: null,
  static_headers: null,
  extra_headers: [],
  env: {},
  command: null,
  args: [],
  instructions: null,
  submitted_by: null,
  review_notes: null,
  env_vars: null,
  issuer: null,
  token_url: null,
  authorization_url: null,
  registration_url: null,
  oauth2_flow: null,
  token_exchange_endpoint: null,
  audience: null,
  subject_token_type: null,
  token_exchange_profile: null,
  guardrails: [],
  argument_rules: [],
  timeout: null,
};

describe('views of a server', () => {
  it('classify every column of the entity, and nothing else', () => {
    const columns = getMetadataArgsStorage().columns.filter(({ target }) => target === McpServerEntity);
    const names = [...columns.map(({ propertyName }) => propertyName), 'is_config'];
    expect(names.toSorted()).toEqual(Object.keys(SERVER_COLUMNS).toSorted());
  });

  it.each(READERS)('for a reader "%s" have the form that the API document says', (reader) => {
    const name = `McpServer${reader.charAt(0).toUpperCase()}${reader.slice(1)}View`;
    const schema = serverViewSchemas()[name];
    if (schema === undefined) throw new Error(`there is no schema ${name}`);
    const validate = new Ajv({ strict: false, formats: { 'date-time': true } }).compile(schema);
    const view = viewFor(reader, server);
    expect([validate(view), validate.errors]).toEqual([true, null]);
    // A view that shows more than it should is not what the document says.
    if (!isAdminView(reader)) expect(validate(toAdminView(server))).toBe(false);
  });

  it('show an admin everything but stored credentials', () => {
    const view = toAdminView(server);
    expect(view).toMatchObject({
      url: server.url,
      spec_path: server.spec_path,
      static_headers: server.static_headers,
      env: server.env,
      args: server.args,
      status: 'healthy',
      credentials: null,
      credential_keys: ['auth_value'],
      created_at: NOW.toISOString(),
    });
    expect(view).not.toHaveProperty('revision');
    expect(view).not.toHaveProperty('health_status');
  });

  it('show a view-only admin names, and no value that may be a secret', () => {
    const view = toViewerView(server);
    expect(view).toMatchObject({
      url: 'https://***@mcp.example.com/mcp/***?token=***',
      spec_path: 'https://mcp.example.com/openapi.json?token=***',
      static_headers: { 'x-secret': '***' },
      env: { API_KEY: '***' },
      args: ['--api-key', '***', '--token=***', 'https://***@example.com/', 'plain'],
      credential_keys: ['auth_value'],
      command: 'npx',
      instructions: 'instructions',
    });
    expect(JSON.stringify(view)).not.toContain(CANARY);
  });

  it('show other callers nothing of how the server is reached', () => {
    const view = toNonAdminView(server);
    expect(view).toMatchObject({
      ...hidden,
      server_id: 'id-1',
      allowed_tools: ['echo'],
      mcp_info: { logo_url: 'logo', is_public: true },
      created_by: 'master',
      health_check_error: 'timeout',
    });
    expect(JSON.stringify(view)).not.toContain(CANARY);
  });

  it('show restricted keys the least', () => {
    const view = toRestrictedView(server);
    expect(view).toMatchObject({
      ...hidden,
      server_id: 'id-1',
      mcp_info: { is_public: true },
      allowed_tools: [],
      disallowed_tools: [],
      allowed_params: null,
      mcp_access_groups: [],
      health_check_error: null,
      last_health_check: null,
      created_by: null,
      updated_at: null,
    });
    expect(toRestrictedView({ ...server, is_public: false, mcp_info: { is_public: true } }).mcp_info).toBeNull();
  });
});

describe('the submitter', () => {
  it('sees what the review says besides, and no secret', () => {
    const view = viewFor('submitter', server);
    expect(view).toMatchObject({
      ...hidden,
      ...{ instructions: 'instructions', submitted_by: 'user-1', review_notes: 'notes' },
    });
    expect(JSON.stringify(view)).not.toContain(CANARY);
  });
});

describe('readerOf', () => {
  const caller = (change: Partial<Principal>): Principal => ({ ...MASTER_PRINCIPAL, ...change });

  it.each([
    [caller({}), 'admin'],
    [caller({ role: 'proxy_admin_viewer' }), 'viewer'],
    [caller({ role: 'internal_user' }), 'nonAdmin'],
    [caller({ allowedRoutes: ['mcp_routes'] }), 'restricted'],
    [caller({ role: 'internal_user', allowedRoutes: ['mcp_routes'] }), 'restricted'],
  ])('%j reads as %s', (principal, reader) => {
    expect(readerOf(principal)).toBe(reader);
  });
});

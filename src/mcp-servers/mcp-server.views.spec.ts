import { describe, expect, it } from '@jest/globals';
import { getMetadataArgsStorage } from 'typeorm';
import { MASTER_PRINCIPAL } from '../auth/key-principal.js';
import type { Principal } from '../auth/principal.js';
import { McpServerViewDto } from './mcp-server-view.dto.js';
import { McpServerEntity } from './mcp-server.entity.js';
import {
  readerOf,
  SERVER_COLUMNS,
  toAdminView,
  toNonAdminView,
  toRestrictedView,
  toViewerView,
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
  auth_type: 'bearer_token',
  credentials: { auth_value: CANARY },
  static_headers: { 'x-secret': CANARY },
  extra_headers: ['x-tenant'],
  command: 'npx',
  args: ['--api-key', CANARY, `--token=${CANARY}`, `https://${CANARY}@example.com/`, 'plain'],
  env: { API_KEY: CANARY },
  allowed_tools: ['echo'],
  disallowed_tools: ['rm'],
  allowed_params: { echo: ['message'] },
  argument_rules: [{ tool: 'echo', when: 'true', effect: 'allow', message: null }],
  tool_name_to_display_name: { echo: 'say' },
  tool_name_to_description: { echo: 'says' },
  mcp_info: { is_public: true, logo_url: 'logo' },
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
  health_status: 'healthy',
  last_health_check: NOW,
  health_check_error: 'timeout',
  revision: 7,
  created_at: NOW,
  created_by: 'master',
  updated_at: NOW,
  updated_by: 'master',
};

const hidden = {
  credentials: null,
  credential_keys: [],
  url: null,
  static_headers: null,
  extra_headers: [],
  env: {},
  command: null,
  args: [],
  instructions: null,
  submitted_by: null,
  guardrails: [],
  argument_rules: [],
  timeout: null,
};

describe('views of a server', () => {
  it('classify every column of the entity, and nothing else', () => {
    const columns = getMetadataArgsStorage().columns.filter(({ target }) => target === McpServerEntity);
    expect(columns.map(({ propertyName }) => propertyName).toSorted()).toEqual(Object.keys(SERVER_COLUMNS).toSorted());
  });

  it.each([toAdminView, toViewerView, toNonAdminView, toRestrictedView])(
    '%p has the fields of the API document',
    (view) => {
      const documented: unknown = Reflect.getMetadata('swagger/apiModelPropertiesArray', McpServerViewDto.prototype);
      if (!Array.isArray(documented)) throw new Error('the API document has no such class');
      const fields = documented.map((field: string) => field.slice(1));
      expect(Object.keys(view(server)).toSorted()).toEqual(fields.toSorted());
    },
  );

  it('show an admin everything but stored credentials', () => {
    const view = toAdminView(server);
    expect(view).toMatchObject({
      url: server.url,
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
      mcp_info: server.mcp_info,
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
    expect(toRestrictedView({ ...server, mcp_info: { logo_url: 'x' } }).mcp_info).toBeNull();
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

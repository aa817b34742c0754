import { describe, expect, it } from '@jest/globals';
import { level, mcpServer, policyWorld, snapshotOf } from '../../test/permissions/policy-fixtures.js';
import type { ObjectPermission } from '../auth/object-permission.js';
import { excessOf } from './grant-excess.js';
import { LevelGrants } from './grants.js';

const servers = [mcpServer({ id: 'alpha' }), mcpServer({ id: 'beta' }), mcpServer({ id: 'open', allowAllKeys: true })];
const world = policyWorld(snapshotOf(servers));
const team = new LevelGrants(world, level('team', { mcp_servers: ['alpha', 'beta'] }), null);
const key = (fields: Partial<ObjectPermission> | null): LevelGrants =>
  new LevelGrants(world, level('key', fields), team);

const NOTHING = { servers: [], tools: [], unblocked: [], silent: false, reopened: false };
type Row = [Partial<ObjectPermission> | null, Partial<ObjectPermission> | null, Partial<typeof NOTHING> | object];

describe('excessOf', () => {
  it.each<Row>([
    [null, null, {}],
    [{ mcp_servers: ['alpha', 'beta'] }, null, {}],
    [{ mcp_servers: ['alpha'] }, { mcp_servers: ['alpha', 'beta'] }, {}],
    [{ mcp_tool_permissions: { alpha: ['read'] } }, { mcp_servers: ['alpha'] }, {}],
    [{ mcp_servers: ['alpha', 'beta'] }, { mcp_servers: ['alpha'] }, { servers: ['beta'] }],
    [{ mcp_servers: ['all-team-mcpservers'] }, { mcp_servers: ['alpha'] }, { servers: ['beta'] }],
    [{ mcp_servers: ['open'] }, { mcp_servers: ['alpha'] }, {}],
    [null, { mcp_servers: ['alpha'] }, { silent: true }],
    [{ mcp_servers: ['alpha'] }, { mcp_tool_permissions: { alpha: ['read'] } }, { tools: ['alpha'] }],
    [
      { mcp_tool_permissions: { alpha: ['read', 'write'] } },
      { mcp_tool_permissions: { alpha: ['read'] } },
      { tools: ['alpha'] },
    ],
    [{ mcp_tool_permissions: { alpha: ['*'] } }, { mcp_tool_permissions: { alpha: ['read'] } }, { tools: ['alpha'] }],
    [{ mcp_tool_permissions: { alpha: [] } }, { mcp_tool_permissions: { alpha: ['read'] } }, {}],
    [{ mcp_servers: ['alpha'] }, { mcp_tool_permissions: { alpha: ['*'] } }, {}],
    [
      { mcp_servers: ['alpha'] },
      { mcp_servers: ['alpha'], mcp_tool_permissions: { open: ['ping'] } },
      { tools: ['open'] },
    ],
    [{ mcp_servers: ['alpha'] }, { mcp_servers: ['alpha'], blocked_tools: ['Drop'] }, { unblocked: ['drop'] }],
    [{ mcp_servers: ['alpha'], blocked_tools: ['DROP', 'x'] }, { mcp_servers: ['alpha'], blocked_tools: ['Drop'] }, {}],
    [{ mcp_servers: ['alpha'], blocked_tools: ['*'] }, { mcp_servers: ['alpha'], blocked_tools: ['Drop'] }, {}],
    [{ mcp_servers: ['no-mcp-servers'] }, { mcp_servers: ['alpha'], blocked_tools: ['Drop'] }, {}],
    [
      { mcp_servers: ['alpha'] },
      { mcp_servers: ['alpha', 'no-mcp-servers'] },
      { reopened: true, servers: ['alpha', 'open'] },
    ],
  ])('of %j over %j', (child, parent, expected) => {
    expect(excessOf(servers, key(child), key(parent))).toEqual({ ...NOTHING, ...expected });
  });
});

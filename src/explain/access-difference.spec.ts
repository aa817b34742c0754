import { describe, expect, it } from '@jest/globals';
import { level, mcpServer, policyWorld, principalWith, snapshotOf } from '../../test/permissions/policy-fixtures.js';
import type { ObjectPermission } from '../auth/object-permission.js';
import type { Principal } from '../auth/principal.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { beyond, isAllowed, wholeAccess, type ServerTools } from './access-difference.js';

const ALPHA = mcpServer({ id: 'id-alpha', alias: 'alpha' });
const BETA = mcpServer({ id: 'id-beta', alias: 'beta', availableOnPublicInternet: false });
const world = policyWorld(snapshotOf([ALPHA, BETA]));
const toolsOf = (): readonly string[] => ['read', 'write'];

function keyWith(fields: Partial<ObjectPermission>, others: Partial<Principal> = {}): GrantedAccess | null {
  return wholeAccess(world, principalWith([level('key', fields)], others));
}

const named = (differences: readonly ServerTools[]): unknown =>
  differences.map(({ server, tools }) => [server.alias, tools]);

describe('beyond', () => {
  it('tells the tools of a server that only one of them has', () => {
    const wide = keyWith({ mcp_servers: ['alpha', 'beta'] });
    const narrow = keyWith({ mcp_servers: ['beta'], mcp_tool_permissions: { 'id-alpha': ['read'] } });
    expect(named(beyond(wide, narrow, toolsOf))).toEqual([['alpha', ['write']]]);
    expect(beyond(narrow, wide, toolsOf)).toEqual([]);
  });

  it('tells a whole server, even when its tools are not known', () => {
    const wide = keyWith({ mcp_servers: ['alpha', 'beta'] });
    const narrow = keyWith({ mcp_servers: ['alpha'] });
    expect(named(beyond(wide, narrow, toolsOf))).toEqual([['beta', ['read', 'write']]]);
    expect(named(beyond(wide, narrow, () => []))).toEqual([['beta', []]]);
  });

  it('leaves out a server that none of the tools can be called of', () => {
    const closed = keyWith({ mcp_tool_permissions: { 'id-alpha': [] } });
    expect(beyond(closed, null, toolsOf)).toEqual([]);
  });
});

describe('wholeAccess', () => {
  it.each([['/mcp-rest/*'], ['/alpha/mcp'], ['/mcp/*'], ['mcp_routes']])('finds a door of a key for %s', (entry) => {
    const access = keyWith({ mcp_servers: ['alpha'] }, { allowedRoutes: [entry] });
    expect(isAllowed(access, 'id-alpha', 'read')).toBe(true);
    expect(isAllowed(access, 'id-beta', 'read')).toBe(false);
  });

  it('is nothing for a key that opens no door', () => {
    expect(keyWith({ mcp_servers: ['alpha'] }, { allowedRoutes: ['/key/info'] })).toBeNull();
  });
});

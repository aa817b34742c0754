import { describe, expect, it } from '@jest/globals';
import { EntityManager } from 'typeorm';
import { resolveGrants, type RequestedGrants, type ResolvedGrants } from './grant-resolution.js';
import { ServerReferences } from './server-references.js';
import { ToolsetReferences } from './toolset-references.js';

const KNOWN = new Map([
  ['alpha', 'id-a'],
  ['Alpha', 'id-a'],
  ['id-a', 'id-a'],
  ['beta', 'id-b'],
]);

class Known extends ServerReferences {
  async resolve(references: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map([...KNOWN].filter(([reference]) => references.includes(reference)));
  }
}

class KnownToolsets extends ToolsetReferences {
  async resolve(references: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(references.flatMap((name) => (/^(id-)?triage$/.test(name) ? [[name, 'id-triage'] as const] : [])));
  }
}

const nobody = Object.create(EntityManager.prototype) as EntityManager;
const resolve = (requested: RequestedGrants | null): Promise<ResolvedGrants> =>
  resolveGrants(requested, { manager: nobody, servers: new Known(), toolsets: new KnownToolsets() });

describe('resolveGrants', () => {
  it('says nothing when nothing is said', async () => {
    expect(await resolve(null)).toEqual({ permission: null, closed: false });
  });

  it('stores ids, each once, and keeps special values', async () => {
    const { permission, closed } = await resolve({ mcp_servers: ['alpha', 'Alpha', 'beta', 'all-team-mcpservers'] });
    expect(permission?.mcp_servers).toEqual(['id-a', 'id-b', 'all-team-mcpservers']);
    expect(closed).toBe(false);
  });

  it('drops what is stale, so that no later server inherits it, and closes the level', async () => {
    const grants = await resolve({ mcp_servers: ['gone'], mcp_tool_permissions: { alpha: ['read'] } });
    expect(grants.permission?.mcp_servers).toEqual([]);
    expect(grants.permission?.mcp_tool_permissions).toEqual({ 'id-a': ['read'] });
    expect(grants.closed).toBe(true);
  });

  it('closes the level for a stale key of the tool map, unless its value says nothing', async () => {
    expect((await resolve({ mcp_tool_permissions: { gone: ['read'] } })).closed).toBe(true);
    expect((await resolve({ mcp_tool_permissions: { gone: null } })).closed).toBe(false);
  });

  it('joins two entries for one server', async () => {
    const { permission } = await resolve({ mcp_tool_permissions: { alpha: ['read'], 'id-a': ['write', 'read'] } });
    expect(permission?.mcp_tool_permissions).toEqual({ 'id-a': ['read', 'write'] });
  });

  it('lets "no tool" win over a list for the same server', async () => {
    const { permission } = await resolve({ mcp_tool_permissions: { alpha: ['read'], 'id-a': [] } });
    expect(permission?.mcp_tool_permissions).toEqual({ 'id-a': [] });
  });

  it('stores toolsets by id, each once', async () => {
    const named = await resolve({ mcp_toolsets: ['triage', 'id-triage'] });
    expect(named).toMatchObject({ permission: { mcp_toolsets: ['id-triage'] }, closed: false });
  });

  it('drops a toolset that is not there, and closes the level', async () => {
    const named = await resolve({ mcp_toolsets: ['gone'] });
    expect(named).toMatchObject({ permission: { mcp_toolsets: [] }, closed: true });
    expect(await resolve({ mcp_toolsets: [] })).toMatchObject({ permission: { mcp_toolsets: [] }, closed: false });
  });

  it('keeps what is there beside it', async () => {
    const named = await resolve({ mcp_toolsets: ['gone', 'triage'] });
    expect(named).toMatchObject({ permission: { mcp_toolsets: ['id-triage'] }, closed: true });
  });

  it('keeps null and empty apart', async () => {
    const { permission } = await resolve({ mcp_servers: [], mcp_access_groups: null, blocked_tools: [] });
    expect(permission).toEqual({
      mcp_servers: [],
      mcp_access_groups: null,
      mcp_tool_permissions: null,
      mcp_toolsets: null,
      blocked_tools: [],
    });
  });
});

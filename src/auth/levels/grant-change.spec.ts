import { describe, expect, it } from '@jest/globals';
import { EntityManager } from 'typeorm';
import { ServerReferences } from '../server-references.js';
import { changeGrants, NO_GRANTS, type GrantChange, type StoredGrants } from './grant-change.js';
import type { WriteContext } from './write-context.js';

const SERVERS = new Map([
  ['alpha', 'id-a'],
  ['beta', 'id-b'],
]);
const GROUPS = ['g1', 'g2'];

class KnownServers extends ServerReferences {
  async resolve(references: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map([...SERVERS].filter(([reference]) => references.includes(reference)));
  }
}

const manager = Object.assign(Object.create(EntityManager.prototype) as EntityManager, {
  find: () => Promise.resolve(GROUPS.map((id) => ({ id }))),
});
const context: WriteContext = {
  manager,
  servers: new KnownServers(),
  toolsets: { resolve: (names) => Promise.resolve(new Map(names.includes('t1') ? [['t1', 'id-t1']] : [])) },
};

/** Applies writes one after the other, to a level that does not exist yet. */
async function after(...changes: readonly GrantChange[]): Promise<StoredGrants> {
  let stored = NO_GRANTS;
  for (const change of changes) stored = await changeGrants(stored, change, context);
  return stored;
}

const write = (object_permission: GrantChange['object_permission']): GrantChange => ({ object_permission });

describe('changeGrants', () => {
  it('takes empty lists of a new level for silence', async () => {
    const made = await after({
      object_permission: { mcp_servers: [], mcp_tool_permissions: {} },
      access_group_ids: [],
    });
    expect(made).toMatchObject({ permission: { mcp_servers: [], mcp_tool_permissions: {} }, closed: false });
  });

  it('keeps lists that are not written', async () => {
    const changed = await after(
      write({ mcp_servers: ['alpha'], blocked_tools: ['rm'] }),
      write({ mcp_tool_permissions: { beta: ['read'] } }),
    );
    expect(changed).toEqual({
      permission: {
        mcp_servers: ['id-a'],
        mcp_access_groups: null,
        mcp_tool_permissions: { 'id-b': ['read'] },
        mcp_toolsets: null,
        blocked_tools: ['rm'],
      },
      accessGroupIds: null,
      closed: false,
    });
  });

  it('keeps everything when nothing is written', async () => {
    const stored = await after(write({ mcp_servers: ['gone'] }));
    expect(await changeGrants(stored, {}, context)).toEqual(stored);
    expect(await changeGrants(stored, write({}), context)).toEqual(stored);
  });

  it.each<[string, GrantChange, GrantChange]>([
    ['mcp_servers', write({ mcp_servers: ['alpha'] }), write({ mcp_servers: [] })],
    ['mcp_access_groups', write({ mcp_access_groups: ['dev'] }), write({ mcp_access_groups: [] })],
    ['mcp_tool_permissions', write({ mcp_tool_permissions: { alpha: ['a'] } }), write({ mcp_tool_permissions: {} })],
    ['access_group_ids', { access_group_ids: ['g1'] }, { access_group_ids: [] }],
  ])('closes the level when %s is emptied, and again when it is emptied twice', async (_, named, emptied) => {
    expect(await after(named)).toMatchObject({ closed: false });
    expect(await after(named, emptied)).toMatchObject({ closed: true });
    expect(await after(named, emptied, emptied)).toMatchObject({ closed: true });
  });

  it.each<[string, GrantChange, GrantChange]>([
    ['a list', write({ mcp_servers: ['alpha'] }), write({ mcp_servers: null })],
    ['a list that was emptied', write({ mcp_servers: ['gone'] }), write({ mcp_servers: null })],
    ['all grants', write({ mcp_servers: ['gone'], mcp_access_groups: ['dev'] }), write(null)],
    ['the unified groups', { access_group_ids: ['gone'] }, { access_group_ids: null }],
  ])('makes the level silent again when null is written over %s', async (_, named, silent) => {
    const stored = await after(named, silent);
    expect(stored.closed).toBe(false);
    expect([stored.permission?.mcp_servers ?? null, stored.accessGroupIds]).toEqual([null, null]);
  });

  it('closes the level for names of nothing, and keeps none of them', async () => {
    expect(await after(write({ mcp_servers: ['alpha', 'gone'] }))).toMatchObject({
      permission: { mcp_servers: ['id-a'] },
      closed: true,
    });
    expect(await after({ access_group_ids: ['g1', 'gone'] })).toMatchObject({ accessGroupIds: ['g1'], closed: true });
  });

  it('opens a closed level when its list is set anew', async () => {
    expect(await after(write({ mcp_servers: ['gone'] }), write({ mcp_servers: ['beta'] }))).toMatchObject({
      permission: { mcp_servers: ['id-b'] },
      closed: false,
    });
  });

  it('leaves a closed level closed when only other lists are written', async () => {
    const closed = write({ mcp_servers: ['gone'] });
    expect(await after(closed, write({ blocked_tools: [] }))).toMatchObject({ closed: true });
    expect(await after(closed, write({ mcp_tool_permissions: null }))).toMatchObject({ closed: true });
    expect(await after({ access_group_ids: ['gone'] }, write(null))).toMatchObject({ closed: true });
  });

  it('does not close a level whose deny list is emptied', async () => {
    expect(await after(write({ blocked_tools: ['rm'] }), write({ blocked_tools: [] }))).toMatchObject({
      closed: false,
    });
  });
});

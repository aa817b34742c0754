import { resolveGrants, type RequestedGrants } from '../grant-resolution.js';
import type { ObjectPermission } from '../object-permission.js';
import { presentAccessGroups } from './access-groups.js';
import type { WriteContext } from './write-context.js';

/** The grants of one level as they are stored. */
export interface StoredGrants {
  readonly permission: ObjectPermission | null;
  /** Unified access groups; null says nothing. */
  readonly accessGroupIds: readonly string[] | null;
  /** The level keeps speaking although nothing may be left of it. */
  readonly closed: boolean;
}

/** A write of grants. What is missing is kept; null takes the list, or all of the grants, back to silence. */
export interface GrantChange {
  readonly object_permission?: RequestedGrants | null;
  readonly access_group_ids?: readonly string[] | null;
}

/** Grants of a level that does not exist yet. */
export const NO_GRANTS: StoredGrants = { permission: null, accessGroupIds: null, closed: false };

const SILENCE: Required<RequestedGrants> = {
  mcp_servers: null,
  mcp_access_groups: null,
  mcp_tool_permissions: null,
  mcp_toolsets: null,
  blocked_tools: null,
};

/** One list, or map, that makes a level speak, before and after the write. */
interface GrantedList {
  readonly written: boolean;
  readonly before: object | null;
  readonly after: object | null;
}

/**
 * The grants of a level after a write. A level closes when the write names something that is not there, and when it
 * empties what named something: an empty list is not silence then, because silence could widen what the level allows.
 */
export async function changeGrants(
  stored: StoredGrants,
  change: GrantChange,
  context: WriteContext,
): Promise<StoredGrants> {
  const requested = change.object_permission === null ? SILENCE : (change.object_permission ?? {});
  const resolved = await resolveGrants(requested, context);
  const groups = await resolveAccessGroups(change.access_group_ids, context);
  const after: StoredGrants = {
    permission: mergedPermission(stored.permission, change, resolved.permission),
    accessGroupIds: groups === undefined ? stored.accessGroupIds : groups.ids,
    closed: false,
  };
  const lists = grantedLists(stored, requested, change, after);
  return { ...after, closed: resolved.closed || groups?.stale === true || staysOrGetsClosed(lists, stored.closed) };
}

function staysOrGetsClosed(lists: readonly GrantedList[], closed: boolean): boolean {
  const emptied = lists.some(
    ({ written, before, after }) =>
      written && after !== null && isEmpty(after) && before !== null && (closed || !isEmpty(before)),
  );
  // A write opens the level again only when it sets a list that can be the one that closed it.
  const setAnew = lists.some(({ written, before }) => written && before !== null);
  return emptied || (closed && !setAnew);
}

function mergedPermission(
  stored: ObjectPermission | null,
  { object_permission: requested }: GrantChange,
  resolved: ObjectPermission | null,
): ObjectPermission | null {
  if (requested === undefined) return stored;
  if (requested === null || resolved === null) return null;
  const kept = (field: keyof RequestedGrants): ObjectPermission =>
    (requested[field] === undefined ? stored : resolved) ?? resolved;
  return {
    mcp_servers: kept('mcp_servers').mcp_servers,
    mcp_access_groups: kept('mcp_access_groups').mcp_access_groups,
    mcp_tool_permissions: kept('mcp_tool_permissions').mcp_tool_permissions,
    mcp_toolsets: kept('mcp_toolsets').mcp_toolsets,
    blocked_tools: kept('blocked_tools').blocked_tools,
  };
}

function grantedLists(
  stored: StoredGrants,
  requested: RequestedGrants,
  change: GrantChange,
  after: StoredGrants,
): GrantedList[] {
  const fields = ['mcp_servers', 'mcp_access_groups', 'mcp_tool_permissions', 'mcp_toolsets'] as const;
  const lists = fields.map((field) => ({
    written: requested[field] !== undefined,
    before: stored.permission?.[field] ?? null,
    after: after.permission?.[field] ?? null,
  }));
  const groups = {
    written: change.access_group_ids !== undefined,
    before: stored.accessGroupIds,
    after: after.accessGroupIds,
  };
  return [...lists, groups];
}

async function resolveAccessGroups(
  named: readonly string[] | null | undefined,
  { manager }: WriteContext,
): Promise<{ readonly ids: readonly string[] | null; readonly stale: boolean } | undefined> {
  if (named === undefined) return undefined;
  if (named === null) return { ids: null, stale: false };
  const present = await presentAccessGroups(named, manager);
  const ids = [...new Set(named)].filter((id) => present.has(id));
  return { ids, stale: ids.length < new Set(named).size };
}

function isEmpty(list: object): boolean {
  return Object.keys(list).length === 0;
}

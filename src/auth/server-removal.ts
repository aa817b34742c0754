import type { GrantsWithout } from './levels/grants-without.js';

/** SQL for what a record with grants looks like without the server `$1`. */
const WITHOUT_SERVER = `
  object_permission = object_permission
    || case when jsonb_typeof(object_permission -> 'mcp_servers') = 'array'
         then jsonb_build_object('mcp_servers', (object_permission -> 'mcp_servers') - $1::text)
         else '{}'::jsonb end
    || case when jsonb_typeof(object_permission -> 'mcp_tool_permissions') = 'object'
         then jsonb_build_object('mcp_tool_permissions', (object_permission -> 'mcp_tool_permissions') - $1::text)
         else '{}'::jsonb end,
  permission_closed = permission_closed
    or coalesce((object_permission -> 'mcp_servers') ? $1, false)
    or coalesce((object_permission -> 'mcp_tool_permissions') ? $1, false),
  mcp_rpm_limit = mcp_rpm_limit - $1::text`;

/** SQL: does the record name the server `$1`? */
const NAMES_SERVER = `
  (object_permission -> 'mcp_servers') ? $1
  or (object_permission -> 'mcp_tool_permissions') ? $1
  or mcp_rpm_limit ? $1`;

/** Takes the server `$1` out of grants and limits. */
export const SERVER_REMOVAL: GrantsWithout = { set: WITHOUT_SERVER, where: NAMES_SERVER };

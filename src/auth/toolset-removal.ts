import type { GrantsWithout } from './levels/grants-without.js';

/** Takes the toolset `$1` out of grants. A record that named it keeps speaking, so that nothing widens. */
export const TOOLSET_REMOVAL: GrantsWithout = {
  set: `
    object_permission = object_permission
      || jsonb_build_object('mcp_toolsets', (object_permission -> 'mcp_toolsets') - $1::text),
    permission_closed = true`,
  where: `(object_permission -> 'mcp_toolsets') ? $1`,
};

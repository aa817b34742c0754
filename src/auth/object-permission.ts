/** `mcp_servers` value: no server at all, absolutely; beats every grant of every level. */
export const NO_MCP_SERVERS = 'no-mcp-servers';
/** `mcp_servers` value: the whole registry. */
export const ALL_PROXY_MCP_SERVERS = 'all-proxy-mcpservers';
/** `mcp_servers` value of a key: whatever the team has. */
export const ALL_TEAM_MCP_SERVERS = 'all-team-mcpservers';
/** Values that are not references to servers. */
export const SPECIAL_SERVER_VALUES: readonly string[] = [NO_MCP_SERVERS, ALL_PROXY_MCP_SERVERS, ALL_TEAM_MCP_SERVERS];

/**
 * What one level (key, team, user, customer, agent, organisation) grants, as stored: names are resolved to ids when
 * written. `null` says nothing; `[]` means what `docs/permissions.md` says it means.
 */
export interface ObjectPermission {
  readonly mcp_servers: readonly string[] | null;
  readonly mcp_access_groups: readonly string[] | null;
  /** Server id to upstream tool names. Naming tools of a server grants that server, limited to these tools. */
  readonly mcp_tool_permissions: Readonly<Record<string, readonly string[] | null>> | null;
  readonly mcp_toolsets: readonly string[] | null;
  readonly blocked_tools: readonly string[] | null;
}

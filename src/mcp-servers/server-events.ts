/** Topic of the changes of servers. */
export const SERVERS_CHANGED = 'mcp-servers.changed';
/** Name of the policy version that every write to a server moves. */
export const SERVERS_VERSION = 'mcp-servers';

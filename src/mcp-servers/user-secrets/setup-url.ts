/** The page on which a user stores what a server needs. It holds no secret. @param base of the gateway */
export function setupUrlOf(base: string, serverId: string): string {
  return `${base}/v1/mcp/server/${encodeURIComponent(serverId)}/setup`;
}

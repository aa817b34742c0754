import type { McpServer } from '../mcp-servers/mcp-server.js';

/** Header names in lower case; null: none at the moment. */
type HeaderSource = () => Readonly<Record<string, string>> | null;

const sources = new WeakMap<McpServer, HeaderSource>();

/** Adds headers to the requests that the gateway sends to a server for itself: handshakes and lists. */
export function addOwnRequestHeaders(server: McpServer, source: HeaderSource): void {
  sources.set(server, source);
}

/** What was added for this server; null: nothing. */
export function ownRequestHeaders(server: McpServer): Readonly<Record<string, string>> | null {
  return sources.get(server)?.() ?? null;
}

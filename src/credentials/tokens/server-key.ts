import type { McpServer } from '../../mcp-servers/mcp-server.js';

const keys = new WeakMap<McpServer, string>();
let changes = 0;

/** Another one for each server object: a changed server may have another client, and its old tokens are not used. */
export function serverKeyOf(server: McpServer): string {
  let key = keys.get(server);
  if (key === undefined) {
    changes += 1;
    key = String(changes);
    keys.set(server, key);
  }
  return key;
}

import type { McpServer } from './mcp-server.js';

/**
 * What the registry has to ask the room of the health checks, which is above it, of a server with a `spec_path`. That room
 * provides it globally, under this class as token.
 */
export abstract class DocumentCheck {
  /**
   * Reads the document of a server that is not stored yet. One that cannot be fetched now passes: it may be there later.
   * @throws GatehouseError `invalid_request` when there is a document and no tools can be made of it
   */
  abstract check(server: McpServer): Promise<void>;
}

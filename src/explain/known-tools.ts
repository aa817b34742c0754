import type { CatalogService } from '../catalog/catalog.service.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';

/** The tools of servers, each asked once: an upstream that does not answer is not waited for at every caller. */
export class KnownTools {
  private readonly names = new Map<string, readonly string[]>();

  constructor(private readonly catalog: Pick<CatalogService, 'load'>) {}

  /** Upstream names; empty when they are not known, or when the server was not loaded. */
  readonly of = ({ id }: McpServer): readonly string[] => this.names.get(id) ?? [];

  async load(servers: Iterable<McpServer>): Promise<void> {
    const missing = [...new Set(servers)].filter(({ id }) => !this.names.has(id));
    const catalogs = await Promise.all(missing.map((server) => this.catalog.load(server)));
    for (const [index, { id }] of missing.entries()) this.names.set(id, [...(catalogs[index]?.byName.keys() ?? [])]);
  }
}

import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ServerReferences } from '../auth/server-references.js';
import { ConfiguredServers } from './configured/configured-servers.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { referenceIndex, type NamedServer } from './registry-snapshot.js';

/**
 * Resolves references against the stored servers, so that a grant never names one that another replica deleted, and
 * those of gateway.yaml.
 */
@Injectable()
export class RegisteredServerReferences extends ServerReferences {
  constructor(private readonly configured: ConfiguredServers) {
    super();
  }

  async resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>> {
    const ids = await this.present(references, manager);
    const isById = references.every((reference) => ids.has(reference));
    const find = isById ? () => undefined : await this.names(manager);
    // In the order of the references: what is made of them is shown in that order.
    const resolved = new Map<string, string>();
    for (const reference of references) {
      const id = ids.has(reference) ? reference : find(reference)?.id;
      if (id !== undefined) resolved.set(reference, id);
    }
    return resolved;
  }

  /** An exact id comes before every name, and most grants are written by id: those need not read all servers. */
  private async present(references: readonly string[], manager: EntityManager): Promise<ReadonlySet<string>> {
    const rows = await manager.query<{ server_id: string }[]>(
      `SELECT server_id FROM mcp_servers WHERE approval_status = 'active' AND server_id = ANY($1)`,
      [references],
    );
    const configured = references.filter((reference) => this.configured.has(reference));
    return new Set([...rows.map((row) => row.server_id), ...configured]);
  }

  private async names(manager: EntityManager): Promise<(reference: string) => NamedServer | undefined> {
    const rows = await manager.find(McpServerEntity, {
      select: { server_id: true, server_name: true, alias: true },
      where: { approval_status: 'active' },
    });
    // Of two with one name the stored one counts, as in the registry.
    return referenceIndex(
      [...this.configured.current, ...rows].map((row) => ({
        id: row.server_id,
        name: row.server_name,
        alias: row.alias,
      })),
    );
  }
}

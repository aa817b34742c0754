import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ServerReferences } from '../auth/server-references.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { referenceIndex, type NamedServer } from './registry-snapshot.js';

/** Resolves references against the stored servers, so that a grant never names one that another replica deleted. */
@Injectable()
export class RegisteredServerReferences extends ServerReferences {
  async resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>> {
    const ids = await this.present(references, manager);
    const find = references.every((reference) => ids.has(reference)) ? null : await this.names(manager);
    // In the order of the references, in which they are stored.
    const idOf = (reference: string): string | undefined => (ids.has(reference) ? reference : find?.(reference)?.id);
    const resolved = references.map((reference) => [reference, idOf(reference)] as const);
    return new Map(resolved.flatMap(([reference, id]) => (id === undefined ? [] : [[reference, id] as const])));
  }

  /** An exact id comes before every name, and most grants are written by id: those need not read all servers. */
  private async present(references: readonly string[], manager: EntityManager): Promise<ReadonlySet<string>> {
    const rows = await manager.query<{ server_id: string }[]>(
      `SELECT server_id FROM mcp_servers WHERE approval_status = 'active' AND server_id = ANY($1)`,
      [references],
    );
    return new Set(rows.map((row) => row.server_id));
  }

  private async names(manager: EntityManager): Promise<(reference: string) => NamedServer | undefined> {
    const rows = await manager.find(McpServerEntity, {
      select: { server_id: true, server_name: true, alias: true },
      where: { approval_status: 'active' },
    });
    return referenceIndex(rows.map((row) => ({ id: row.server_id, name: row.server_name, alias: row.alias })));
  }
}

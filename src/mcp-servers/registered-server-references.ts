import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ServerReferences } from '../auth/server-references.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { referenceIndex } from './registry-snapshot.js';

/** Resolves references against the stored servers, so that a grant never names one that another replica deleted. */
@Injectable()
export class RegisteredServerReferences extends ServerReferences {
  async resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>> {
    const rows = await manager.find(McpServerEntity, {
      select: { server_id: true, server_name: true, alias: true },
      where: { approval_status: 'active' },
    });
    const find = referenceIndex(rows.map((row) => ({ id: row.server_id, name: row.server_name, alias: row.alias })));
    const resolved = references.map((reference) => [reference, find(reference)?.id] as const);
    return new Map(resolved.flatMap(([reference, id]) => (id === undefined ? [] : [[reference, id] as const])));
  }
}

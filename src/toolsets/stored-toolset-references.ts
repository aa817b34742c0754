import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ToolsetReferences } from '../auth/toolset-references.js';

const FIND = `
  SELECT reference, coalesce(by_id.toolset_id, by_name.toolset_id) AS id
  FROM unnest($1::text[]) AS reference
  LEFT JOIN mcp_toolsets by_id ON by_id.toolset_id = reference
  LEFT JOIN mcp_toolsets by_name ON by_name.toolset_name = reference`;

/** Resolves references against the stored toolsets, so that a grant never names one that another replica deleted. */
@Injectable()
export class StoredToolsetReferences extends ToolsetReferences {
  async resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>> {
    const rows = await manager.query<{ reference: string; id: string | null }[]>(FIND, [[...new Set(references)]]);
    return new Map(rows.flatMap(({ reference, id }) => (id === null ? [] : [[reference, id] as const])));
  }
}

import { GatehouseError } from '../common/gatehouse-error.js';
import type { McpServerEntity } from './mcp-server.entity.js';
import type { ServerDetails } from './server-details.js';

/** What the caller of a change had read. Missing: the change is made whatever there is. */
export interface Precondition {
  /** Value of `If-Match`. */
  readonly ifMatch?: string | undefined;
  /** ISO-8601. */
  readonly updatedAt?: string | null | undefined;
}

/** Value of the `ETag` header: another one means another record. Checks of health do not move it. */
export function etagOf({ revision }: Pick<ServerDetails, 'revision'>): string {
  return `"${revision}"`;
}

/**
 * Is the server still what the caller had read?
 * @throws GatehouseError `conflict`
 */
export function assertUnchanged(row: McpServerEntity, { ifMatch, updatedAt }: Precondition): void {
  const tags = ifMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  const hasTag = tags === undefined || tags.includes('*') || tags.includes(etagOf(row));
  const hasTime = typeof updatedAt !== 'string' || new Date(updatedAt).getTime() === row.updated_at.getTime();
  if (!hasTag || !hasTime) {
    throw new GatehouseError('conflict', 'The server was changed meanwhile; read it again and repeat the change.');
  }
}

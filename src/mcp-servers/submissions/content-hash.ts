import { createHash } from 'node:crypto';
import type { McpServerEntity } from '../mcp-server.entity.js';
import { SETTINGS_FIELDS } from '../server-settings.js';

/**
 * Names what a review was made of: another state or another setting is another hash. Secrets go in as they are
 * encrypted, so that nobody can try out values.
 */
export function contentHash(row: McpServerEntity): string {
  const content = SETTINGS_FIELDS.map((field) => [field, row[field]]);
  return createHash('sha256')
    .update(JSON.stringify([row.server_id, row.approval_status, content]))
    .digest('hex');
}

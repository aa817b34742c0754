import type { McpServerCodec } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { ServerSettings } from './server-settings.js';

/** What a new row is made of. */
export interface NewServer {
  readonly id: string;
  readonly settings: ServerSettings;
  /** Policy version of the write. */
  readonly revision: number;
  readonly createdBy: string;
  /** Missing: made by an admin, and active. */
  readonly submittedBy?: string;
}

/** The row of a server that was not there before, with its secrets encrypted. */
export function newRow(codec: McpServerCodec, server: NewServer): McpServerEntity {
  const { id, settings, revision, createdBy, submittedBy } = server;
  const now = new Date();
  return Object.assign(new McpServerEntity(), {
    ...settings,
    ...codec.encrypt(id, settings),
    server_id: id,
    is_public: false,
    approval_status: submittedBy === undefined ? ('active' as const) : ('pending_review' as const),
    submitted_by: submittedBy ?? null,
    submitted_at: submittedBy === undefined ? null : now,
    reviewed_at: null,
    review_notes: null,
    health_status: 'unknown' as const,
    last_health_check: null,
    health_check_error: null,
    revision,
    created_at: now,
    created_by: createdBy,
    updated_at: now,
    updated_by: createdBy,
  });
}

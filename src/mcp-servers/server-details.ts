import type { HealthStatus } from './mcp-server.entity.js';
import type { ApprovalStatus } from './mcp-server.js';
import type { ServerSettings } from './server-settings.js';

/** A stored server in clear: its settings and what the gateway keeps about it. One member per column. */
export interface ServerDetails extends ServerSettings {
  readonly server_id: string;
  readonly is_public: boolean;
  readonly approval_status: ApprovalStatus;
  readonly submitted_by: string | null;
  readonly submitted_at: Date | null;
  readonly reviewed_at: Date | null;
  readonly review_notes: string | null;
  readonly health_status: HealthStatus;
  readonly last_health_check: Date | null;
  readonly health_check_error: string | null;
  readonly revision: number;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
  /** It is written in gateway.yaml and not stored. */
  readonly is_config: boolean;
}

import type { ServerDetails } from './server-details.js';
import type { ServerSettings } from './server-settings.js';

/** Settings as if they were a stored server. */
export function detailsOf(id: string, settings: ServerSettings, actor: string): ServerDetails {
  const now = new Date();
  return {
    ...settings,
    ...{ server_id: id, is_public: false, approval_status: 'draft', submitted_by: null, submitted_at: null },
    ...{ reviewed_at: null, review_notes: null, health_status: 'unknown', last_health_check: null },
    ...{
      health_check_error: null,
      revision: 0,
      created_at: now,
      created_by: actor,
      updated_at: now,
      updated_by: actor,
      is_config: false,
    },
  };
}

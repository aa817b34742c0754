import { Settings1700000000001 } from './1700000000001-settings.js';
import { PolicyVersions1700000000050 } from './1700000000050-policy-versions.js';
import { VirtualKeys1700000000100 } from './1700000000100-keys.js';
import { McpServers1700000000200 } from './1700000000200-mcp-servers.js';
import { AuditRecords1700000000300 } from './1700000000300-audit-records.js';

/** Every migration, oldest first. A new one is added at the end. */
export const ALL_MIGRATIONS = [
  Settings1700000000001,
  PolicyVersions1700000000050,
  VirtualKeys1700000000100,
  McpServers1700000000200,
  AuditRecords1700000000300,
];

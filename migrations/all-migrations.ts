import { Settings1700000000001 } from './1700000000001-settings.js';
import { PolicyVersions1700000000050 } from './1700000000050-policy-versions.js';
import { VirtualKeys1700000000100 } from './1700000000100-keys.js';
import { Levels1700000000110 } from './1700000000110-levels.js';
import { KeyLevels1700000000120 } from './1700000000120-key-levels.js';
import { McpServers1700000000200 } from './1700000000200-mcp-servers.js';
import { ArgumentRules1700000000210 } from './1700000000210-argument-rules.js';
import { AuditRecords1700000000300 } from './1700000000300-audit-records.js';
import { Spend1700000000400 } from './1700000000400-spend.js';
import { AuditDetails1700000000420 } from './1700000000420-audit-details.js';
import { FormerMembers1700000000430 } from './1700000000430-former-members.js';
import { AuditMethod1700000000500 } from './1700000000500-audit-method.js';
import { ToolEmbeddings1700000000600 } from './1700000000600-tool-embeddings.js';
import { ServerManagement1700000000620 } from './1700000000620-server-management.js';
import { Toolsets1700000000630 } from './1700000000630-toolsets.js';
import { OpenApiServers1700000000635 } from './1700000000635-openapi-servers.js';
import { WriteRecords1700000000640 } from './1700000000640-write-records.js';
import { Approvals1700000000650 } from './1700000000650-approvals.js';
import { SigningKeys1700000000710 } from './1700000000710-signing-keys.js';
import { ToolPins1700000000720 } from './1700000000720-tool-pins.js';
import { UpstreamCredentials1700000000800 } from './1700000000800-upstream-credentials.js';
import { ToolSearch1700000000860 } from './1700000000860-tool-search.js';
import { ServerChecks1700000000880 } from './1700000000880-server-checks.js';
import { Replicas1700000000920 } from './1700000000920-replicas.js';

/** Every migration, oldest first. A new one is added at the end. */
export const ALL_MIGRATIONS = [
  Settings1700000000001,
  PolicyVersions1700000000050,
  VirtualKeys1700000000100,
  Levels1700000000110,
  KeyLevels1700000000120,
  McpServers1700000000200,
  ArgumentRules1700000000210,
  AuditRecords1700000000300,
  Spend1700000000400,
  AuditDetails1700000000420,
  FormerMembers1700000000430,
  AuditMethod1700000000500,
  ToolEmbeddings1700000000600,
  ServerManagement1700000000620,
  Toolsets1700000000630,
  OpenApiServers1700000000635,
  WriteRecords1700000000640,
  Approvals1700000000650,
  SigningKeys1700000000710,
  ToolPins1700000000720,
  UpstreamCredentials1700000000800,
  ToolSearch1700000000860,
  ServerChecks1700000000880,
  Replicas1700000000920,
];

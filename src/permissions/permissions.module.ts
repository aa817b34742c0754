import { Global, Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { GrantReach } from '../auth/grant-reach.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ServerVisibility } from '../mcp-servers/server-visibility.js';
import { ToolsetHolders } from '../toolsets/toolset-ports.js';
import { ToolsetsModule } from '../toolsets/toolsets.module.js';
import { ArgumentSchemas } from './argument-schema.js';
import { HttpCallers } from './http-caller.js';
import { PolicyGrantReach } from './policy-grant-reach.js';
import { PolicyServerVisibility } from './policy-server-visibility.js';
import { PolicyToolsetHolders } from './policy-toolset-holders.js';
import { PolicyService } from './policy.service.js';
import { ToolPermissionGuard } from './tool-permission.guard.js';

/** Who may use what. Global, because rooms below ask it through ports of their own. */
@Global()
@Module({
  imports: [AuthModule, McpServersModule, ToolsetsModule],
  providers: [
    PolicyService,
    ToolPermissionGuard,
    ArgumentSchemas,
    HttpCallers,
    { provide: ServerVisibility, useClass: PolicyServerVisibility },
    { provide: GrantReach, useClass: PolicyGrantReach },
    { provide: ToolsetHolders, useClass: PolicyToolsetHolders },
  ],
  exports: [
    PolicyService,
    ToolPermissionGuard,
    ArgumentSchemas,
    HttpCallers,
    ServerVisibility,
    GrantReach,
    ToolsetHolders,
  ],
})
export class PermissionsModule {}

import { Global, Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { GrantReach } from '../auth/grant-reach.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ServerVisibility } from '../mcp-servers/server-visibility.js';
import { ArgumentSchemas } from './argument-schema.js';
import { PolicyGrantReach } from './policy-grant-reach.js';
import { PolicyServerVisibility } from './policy-server-visibility.js';
import { PolicyService } from './policy.service.js';
import { ToolPermissionGuard } from './tool-permission.guard.js';

/** Who may use what. Global, because rooms below ask it through ports of their own. */
@Global()
@Module({
  imports: [AuthModule, McpServersModule],
  providers: [
    PolicyService,
    ToolPermissionGuard,
    ArgumentSchemas,
    { provide: ServerVisibility, useClass: PolicyServerVisibility },
    { provide: GrantReach, useClass: PolicyGrantReach },
  ],
  exports: [PolicyService, ToolPermissionGuard, ArgumentSchemas, ServerVisibility, GrantReach],
})
export class PermissionsModule {}

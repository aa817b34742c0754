import { Global, Module } from '@nestjs/common';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ServerVisibility } from '../mcp-servers/server-visibility.js';
import { ArgumentSchemas } from './argument-schema.js';
import { PolicyServerVisibility } from './policy-server-visibility.js';
import { PolicyService } from './policy.service.js';
import { ToolPermissionGuard } from './tool-permission.guard.js';

/** Who may use what. Global, because rooms below ask it through ports of their own. */
@Global()
@Module({
  imports: [McpServersModule],
  providers: [
    PolicyService,
    ToolPermissionGuard,
    ArgumentSchemas,
    { provide: ServerVisibility, useClass: PolicyServerVisibility },
  ],
  exports: [PolicyService, ToolPermissionGuard, ArgumentSchemas, ServerVisibility],
})
export class PermissionsModule {}

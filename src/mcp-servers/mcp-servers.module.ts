import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { McpServerCodec } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { McpServersController } from './mcp-servers.controller.js';
import { McpServersService } from './mcp-servers.service.js';
import { ServerChecks } from './server-checks.js';
import { ServerHealthStore } from './server-health.store.js';
import { ServerReferencesModule } from './server-references.module.js';
import { ServerRegistry } from './server-registry.js';
import { ServerWrites } from './server-writes.js';

/** The registered servers. Needs a global provider of `ServerVisibility`. */
@Module({
  imports: [AuthModule, ServerReferencesModule, TypeOrmModule.forFeature([McpServerEntity])],
  controllers: [McpServersController],
  providers: [McpServerCodec, McpServersService, ServerChecks, ServerHealthStore, ServerRegistry, ServerWrites],
  exports: [ServerRegistry, ServerHealthStore, McpServersService],
})
export class McpServersModule {}

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { WriteLogModule } from '../write-log/write-log.module.js';
import { ToolsetDirectory } from './toolset-directory.js';
import { ToolsetReferencesModule } from './toolset-references.module.js';
import { ToolsetStore } from './toolset-store.js';
import { ToolsetEntity } from './toolset.entity.js';
import { ToolsetsController } from './toolsets.controller.js';
import { ToolsetsService } from './toolsets.service.js';

/** Named selections of tools. Needs global providers of `ToolsetHolders`, `ToolCatalogue` and `ServerVisibility`. */
@Module({
  imports: [
    AuthModule,
    McpServersModule,
    ToolsetReferencesModule,
    WriteLogModule,
    TypeOrmModule.forFeature([ToolsetEntity]),
  ],
  controllers: [ToolsetsController],
  providers: [ToolsetDirectory, ToolsetStore, ToolsetsService],
  exports: [ToolsetDirectory],
})
export class ToolsetsModule {}

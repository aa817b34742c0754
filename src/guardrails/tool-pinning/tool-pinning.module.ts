import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '../../catalog/catalog.module.js';
import { McpServersModule } from '../../mcp-servers/mcp-servers.module.js';
import { WriteLogModule } from '../../write-log/write-log.module.js';
import { PinnedServerEntity, ToolPinEntity } from './tool-pin.entity.js';
import { ToolPinStore } from './tool-pin.store.js';
import { ToolPins } from './tool-pins.js';
import { ToolReviewController } from './tool-review.controller.js';
import { ToolReviewService } from './tool-review.service.js';

/** What the guardrail `tool_pinning` works on, and `/v1/mcp/server/{id}/tools`. */
@Module({
  imports: [
    CatalogModule,
    McpServersModule,
    WriteLogModule,
    TypeOrmModule.forFeature([PinnedServerEntity, ToolPinEntity]),
  ],
  controllers: [ToolReviewController],
  providers: [ToolPinStore, ToolPins, ToolReviewService],
  exports: [ToolPins, CatalogModule, McpServersModule],
})
export class ToolPinningModule {}

import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { OutboundModule } from '../outbound/outbound.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { SemanticFilterModule } from '../semantic-filter/semantic-filter.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { ChatStreamService } from './chat-stream.service.js';
import { LlmController } from './llm.controller.js';
import { LlmRecorder } from './llm-recorder.js';
import { LlmService } from './llm.service.js';
import { ModelCatalog } from './model-catalog.js';
import { OfferedToolsService } from './offered-tools.service.js';
import { ProviderClient } from './provider-client.js';
import { ResponsesStreamService } from './responses-stream.service.js';
import { ToolRunner } from './tool-runner.js';

/** `/v1/chat/completions` and `/v1/responses`. */
@Module({
  imports: [
    AuditModule,
    AuthModule,
    CatalogModule,
    LimitsModule,
    OutboundModule,
    PermissionsModule,
    SemanticFilterModule,
    ToolCallsModule,
  ],
  controllers: [LlmController],
  providers: [
    ChatStreamService,
    LlmRecorder,
    LlmService,
    ModelCatalog,
    OfferedToolsService,
    ProviderClient,
    ResponsesStreamService,
    ToolRunner,
  ],
})
export class LlmEndpointModule {}

import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { HooksModule } from '../hooks/hooks.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ToolCallsModule } from '../tool-calls/tool-calls.module.js';
import { GuardrailList } from './guardrail-list.js';
import { GuardrailTestService } from './guardrail-test.service.js';
import { GuardrailsController } from './guardrails.controller.js';

/** `/v1/mcp/guardrails`. The built-in guardrails are made by their entries in gateway.yaml, not here. */
@Module({
  imports: [AuthModule, HooksModule, McpServersModule, ToolCallsModule],
  controllers: [GuardrailsController],
  providers: [GuardrailList, GuardrailTestService],
})
export class GuardrailsModule {}

import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { ApprovalsModule } from './approvals/approvals.module.js';
import { AuditChainModule } from './audit/chain/audit-chain.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { ToolCatalogueModule } from './catalog/tool-catalogue.module.js';
import { HttpConventionsModule } from './common/http-conventions.module.js';
import type { Secret } from './common/secret.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { EventsModule } from './events/events.module.js';
import { ExplainModule } from './explain/explain.module.js';
import { GuardrailsModule } from './guardrails/guardrails.module.js';
import { ToolPinningModule } from './guardrails/tool-pinning/tool-pinning.module.js';
import { HealthModule } from './health/health.module.js';
import { HooksModule } from './hooks/hooks.module.js';
import { LlmEndpointModule } from './llm-endpoint/llm-endpoint.module.js';
import { LoginModule } from './login/login.module.js';
import { McpEndpointModule } from './mcp-endpoint/mcp-endpoint.module.js';
import { McpServersModule } from './mcp-servers/mcp-servers.module.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { OutboundModule } from './outbound/outbound.module.js';
import { PermissionsModule } from './permissions/permissions.module.js';
import { QueueBoardModule } from './queue-board/queue-board.module.js';
import { QueueModule } from './queue/queue.module.js';
import { ReloadModule } from './reload/reload.module.js';
import { ReplicasModule } from './replicas/replicas.module.js';
import { RestEndpointModule } from './rest-endpoint/rest-endpoint.module.js';
import { SemanticFilterModule } from './semantic-filter/semantic-filter.module.js';
import { ServerRequestsModule } from './server-requests/server-requests.module.js';
import { SigningModule } from './signing/signing.module.js';
import { SubscriptionsModule } from './subscriptions/subscriptions.module.js';
import { ToolsetsModule } from './toolsets/toolsets.module.js';
import { ToolCallsModule } from './tool-calls/tool-calls.module.js';
import { TracingModule } from './tracing/tracing.module.js';
import { UpstreamModule } from './upstream/upstream.module.js';

/** What the application is made of; see docs/architecture.md for who may use whom. */
@Module({})
export class AppModule {
  static forRoot(
    config: Config,
    databaseUrl: Secret,
    guardrails: readonly (Type<unknown> | DynamicModule)[],
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot(databaseUrl),
        EventsModule.forRoot(config, databaseUrl),
        QueueModule.forRoot(config, databaseUrl),
        ReplicasModule,
        HttpConventionsModule,
        TracingModule,
        OutboundModule,
        AuthModule,
        McpServersModule,
        ToolsetsModule,
        PermissionsModule,
        HooksModule,
        ApprovalsModule,
        AuditModule,
        AuditChainModule.forRoot(config),
        OAuthModule,
        UpstreamModule,
        CatalogModule,
        ToolCatalogueModule,
        ExplainModule,
        ToolCallsModule,
        SigningModule,
        LoginModule.forRoot(config),
        ToolPinningModule,
        GuardrailsModule,
        ServerRequestsModule,
        ReloadModule,
        HealthModule.forRoot(config),
        QueueBoardModule,
        SubscriptionsModule,
        McpEndpointModule,
        RestEndpointModule,
        SemanticFilterModule,
        LlmEndpointModule,
        ...guardrails,
      ],
    };
  }
}

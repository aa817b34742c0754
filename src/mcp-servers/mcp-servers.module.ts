import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { WriteLogModule } from '../write-log/write-log.module.js';
import { ConfiguredServersModule } from './configured/configured-servers.module.js';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { McpServerCodec } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import { McpServersController } from './mcp-servers.controller.js';
import { McpServersService } from './mcp-servers.service.js';
import { OptionalCaller } from './publication/optional-caller.js';
import { PublicHubController } from './publication/public-hub.controller.js';
import { PublicServers } from './publication/public-servers.service.js';
import { PublicationController } from './publication/publication.controller.js';
import { ServerChecks } from './server-checks.js';
import { ServerDeletions } from './server-deletions.js';
import { ServerHealthController } from './server-health.controller.js';
import { ServerHealthStore } from './server-health.store.js';
import { ServerListsService } from './server-lists.service.js';
import { ServerPages } from './server-pages.js';
import { ServerReaders } from './server-readers.js';
import { ServerRecords } from './server-records.js';
import { ServerReferencesModule } from './server-references.module.js';
import { ServerRegistry } from './server-registry.js';
import { ServerWrites } from './server-writes.js';
import { SubmissionsController } from './submissions/submissions.controller.js';
import { SubmissionsService } from './submissions/submissions.service.js';
import { DraftSettings } from './temporary/draft-settings.service.js';
import { OAuthSessionController } from './temporary/oauth-session.controller.js';
import { TemporaryServerEntity } from './temporary/temporary-server.entity.js';
import { TemporaryServers } from './temporary/temporary-servers.js';
import { UserCredentialEntity } from './user-secrets/user-credential.entity.js';
import { UserCredentialsController } from './user-secrets/user-credentials.controller.js';
import { UserEnvVarsController } from './user-secrets/user-env-vars.controller.js';
import { UserEnvVarsEntity } from './user-secrets/user-env-vars.entity.js';
import { UserEnvVarsService } from './user-secrets/user-env-vars.service.js';
import { UserSecretCopy } from './user-secrets/user-secret-copy.js';
import { UserSecretRecords } from './user-secrets/user-secret-records.js';
import { UserSecretStore } from './user-secrets/user-secret-store.js';

const ENTITIES = [McpServerEntity, UserCredentialEntity, UserEnvVarsEntity, TemporaryServerEntity];

/** The registered servers. Needs global providers of `ServerVisibility` and `ServerProbe`. */
@Module({
  imports: [
    ...[AuthModule, ConfiguredServersModule, ServerReferencesModule, WriteLogModule],
    TypeOrmModule.forFeature(ENTITIES),
  ],
  // Routes with a fixed word come before the one whose word is the id of a server.
  controllers: [
    SubmissionsController,
    ServerHealthController,
    OAuthSessionController,
    UserCredentialsController,
    UserEnvVarsController,
    PublicationController,
    PublicHubController,
    DiscoveryController,
    McpServersController,
  ],
  providers: [
    ...[McpServerCodec, McpServersService, ServerChecks, ServerHealthStore, ServerRegistry, ServerWrites],
    ...[ServerReaders, ServerListsService, ServerPages, SubmissionsService, PublicServers, OptionalCaller],
    ...[UserSecretStore, UserEnvVarsService, TemporaryServers, DraftSettings, ServerDeletions, ServerRecords],
    ...[UserSecretRecords, UserSecretCopy],
  ],
  exports: [
    ...[ServerDeletions, ServerRegistry, ServerHealthStore, McpServersService],
    ...[UserSecretStore, UserSecretCopy, UserEnvVarsService, TemporaryServers, DraftSettings],
  ],
})
export class McpServersModule {}

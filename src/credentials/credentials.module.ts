import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { AssumedRoles } from './aws/assumed-roles.js';
import { AwsSignature } from './aws/aws-signature.js';
import { AccountConnections } from './oauth/account-connections.js';
import { ChallengeProbe } from './oauth/challenge-probe.js';
import { IssuerWatch } from './oauth/issuer-watch.js';
import { LoginNeeded } from './oauth/login-needed.js';
import { OAuthClientEntity } from './oauth/oauth-client.entity.js';
import { OAuthClients } from './oauth/oauth-clients.js';
import { OAuthFlowEntity } from './oauth/oauth-flow.entity.js';
import { OAuthFlows } from './oauth/oauth-flows.js';
import { OAuthLogins } from './oauth/oauth-logins.js';
import { REFRESH_QUEUE, RefreshSchedule } from './oauth/refresh-schedule.js';
import { RefreshProcessor } from './oauth/refresh.processor.js';
import { RegisteredClients } from './oauth/registered-clients.js';
import { TokenRefresher } from './oauth/token-refresher.js';
import { TokenRevoker } from './oauth/token-revoker.js';
import { UserTokenInjector } from './oauth/user-token-injector.js';
import { UserTokens } from './oauth/user-tokens.js';
import { OAuth2Credential } from './oauth2-credential.js';
import { PassedThrough } from './passed-through.js';
import { ClientCredentials } from './tokens/client-credentials.js';
import { AssertedTokens, ExchangedTokens } from './tokens/exchanged-tokens.js';
import { TokenEndpoint } from './tokens/token-endpoint.js';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UpstreamCredentials } from './upstream-credentials.js';
import { UserSecretCredentials } from './user-secret-credentials.js';

/** What the gateway presents to upstreams. */
@Module({
  imports: [
    ...[AuthModule, McpServersModule, TypeOrmModule.forFeature([OAuthClientEntity, OAuthFlowEntity])],
    BullModule.registerQueue({ name: REFRESH_QUEUE }),
  ],
  providers: [
    ...[UpstreamCredentials, OAuth2Credential, ClientCredentials, ExchangedTokens, AssertedTokens, TokenEndpoint],
    ...[AwsSignature, AssumedRoles, PassedThrough, UserSecretCredentials],
    ...[UserTokenInjector, UserTokens, LoginNeeded, IssuerWatch],
    ...[TokenRefresher, TokenRevoker, RefreshSchedule, RefreshProcessor],
    ...[AccountConnections, ChallengeProbe, OAuthLogins, OAuthFlows, OAuthClients, RegisteredClients],
  ],
  exports: [UpstreamCredentials, AccountConnections, LoginNeeded, OAuthLogins, OAuthFlows],
})
export class CredentialsModule {}

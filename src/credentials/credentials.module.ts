import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { AssumedRoles } from './aws/assumed-roles.js';
import { AwsSignature } from './aws/aws-signature.js';
import { OAuth2Credential } from './oauth2-credential.js';
import { PassedThrough } from './passed-through.js';
import { ClientCredentials } from './tokens/client-credentials.js';
import { AssertedTokens, ExchangedTokens } from './tokens/exchanged-tokens.js';
import { TokenEndpoint } from './tokens/token-endpoint.js';
import { UpstreamCredentials } from './upstream-credentials.js';
import { UserSecretCredentials } from './user-secret-credentials.js';

/** What the gateway presents to upstreams. */
@Module({
  imports: [AuthModule, McpServersModule],
  providers: [
    ...[UpstreamCredentials, OAuth2Credential, ClientCredentials, ExchangedTokens, AssertedTokens, TokenEndpoint],
    ...[AwsSignature, AssumedRoles, PassedThrough, UserSecretCredentials],
  ],
  exports: [UpstreamCredentials],
})
export class CredentialsModule {}

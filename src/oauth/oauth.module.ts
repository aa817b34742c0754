import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { AccountLogins } from './account-logins.js';
import { BrowserCookie } from './browser-cookie.js';
import { CallbackController } from './callback.controller.js';
import { ClientLogins } from './client-logins.js';
import { ClientMetadataController } from './client-metadata.controller.js';
import { ConnectPageController } from './connect-page.controller.js';
import { LoginEnds } from './login-ends.js';
import { OAuthServers } from './oauth-servers.js';
import { OAuthTrioController } from './oauth-trio.controller.js';
import { OAuthUserCredentialsController } from './oauth-user-credentials.controller.js';

/** Logins of users at the authorization servers of upstreams: routes and pages. */
@Module({
  imports: [AuthModule, CredentialsModule, McpServersModule],
  controllers: [
    ...[CallbackController, ClientMetadataController, ConnectPageController],
    ...[OAuthUserCredentialsController, OAuthTrioController],
  ],
  providers: [AccountLogins, BrowserCookie, ClientLogins, LoginEnds, OAuthServers],
})
export class OAuthModule {}

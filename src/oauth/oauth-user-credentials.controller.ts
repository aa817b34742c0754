import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { AccountConnections, connectionState } from '../credentials/oauth/account-connections.js';
import { LoginNeeded } from '../credentials/oauth/login-needed.js';
import { LOGIN_LIFETIME_MS } from '../credentials/oauth/oauth-logins.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ServerReaders } from '../mcp-servers/server-readers.js';
import { callingUser } from '../mcp-servers/user-secrets/calling-user.js';
import { OAuthUserCredentialDto } from '../mcp-servers/user-secrets/user-secrets.dto.js';
import { AccountLogins } from './account-logins.js';
import { OAuthConnectionDto, StartedLoginDto } from './oauth.dto.js';

const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };
const PATH = 'server/:server_id/oauth-user-credential';

/** Accounts of the calling user at upstreams. Tokens can be written and removed, never read. */
@ApiTags('User credentials')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS, 'invalid_request')
@Controller('v1/mcp')
export class OAuthUserCredentialsController {
  constructor(
    private readonly accounts: AccountConnections,
    private readonly logins: AccountLogins,
    private readonly readers: ServerReaders,
    private readonly needed: LoginNeeded,
  ) {}

  @Post(`${PATH}/connect`)
  @HttpCode(200)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Begin to connect the account of the calling user',
    description:
      'For servers with `auth_type: oauth2` per user. The answer sets a cookie: the same browser has to open ' +
      '`authorization_url`, within ten minutes. Where that is not possible, send the user to `setup_url` of the status.',
  })
  @ApiOkResponse({ type: StartedLoginDto })
  @ApiProblems('not_found', 'conflict', 'upstream_unavailable', 'upstream_auth_required', 'upstream_protocol_error')
  async connect(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StartedLoginDto> {
    const server = this.readers.require(reference, caller, request);
    const { authorizationUrl } = await this.logins.begin(server, caller, { request, response });
    return { authorization_url: authorizationUrl, expires_in: LOGIN_LIFETIME_MS / 1000 };
  }

  @Post(PATH)
  @HttpCode(200)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Store the OAuth tokens that the upstream gave the calling user',
    description: 'The gateway does not know the client that they were given to, so it cannot refresh or revoke them.',
  })
  @ApiOkResponse({ type: OAuthConnectionDto })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async store(
    @Param('server_id') reference: string,
    @Body() body: OAuthUserCredentialDto,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<OAuthConnectionDto> {
    const server = this.readers.require(reference, caller, request);
    const owner = { userId: callingUser(caller), serverId: server.id, author: caller };
    const seconds = body.expires_in ?? null;
    const expiresAt = seconds === null ? null : new Date(Date.now() + seconds * 1000);
    const { access_token, refresh_token = null, scopes = null } = body;
    await this.accounts.store(owner, { tokens: { access_token, refresh_token, scopes }, expiresAt });
    return this.statusOf(owner.userId, server);
  }

  @Delete(PATH)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Disconnect the account of the calling user',
    description: 'Removes the tokens, and revokes them where they came from. An own key stays.',
  })
  @ApiOkResponse({ type: OAuthConnectionDto })
  @ApiProblems('not_found', 'conflict')
  async remove(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<OAuthConnectionDto> {
    const server = this.readers.require(reference, caller, request);
    const userId = callingUser(caller);
    await this.accounts.disconnect({ userId, serverId: server.id, author: caller });
    return this.statusOf(userId, server);
  }

  @Get(`${PATH}/status`)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'How is the calling user connected?',
    description:
      '`expires`: nothing renews the access token. `refresh_failed`: the authorization server could not be asked, and ' +
      'will be asked again. `needs_reauthorisation`: the user has to log in again, at `setup_url`.',
  })
  @ApiOkResponse({ type: OAuthConnectionDto })
  @ApiProblems('not_found')
  status(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<OAuthConnectionDto> {
    const server = this.readers.require(reference, caller, request);
    return this.statusOf(callingUser(caller), server);
  }

  private async statusOf(userId: string, server: McpServer): Promise<OAuthConnectionDto> {
    const stored = await this.accounts.find(userId, server.id);
    const expiresAt = stored?.expiresAt ?? null;
    return {
      server_id: server.id,
      has_credential: stored !== null,
      expires_at: expiresAt?.toISOString() ?? null,
      is_expired: expiresAt !== null && expiresAt.getTime() <= Date.now(),
      connected_at: stored?.connectedAt.toISOString() ?? null,
      status: connectionState(stored),
      issuer: stored?.issuer ?? null,
      setup_url: this.needed.pageOf(server),
    };
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiConsumes, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { runChecksAfterBody } from '../common/after-body.js';
import { ApiProblems, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { ClientLogins, type ClientRequest } from './client-logins.js';
import { registrationOf, tokenAnswer } from './client-answers.js';
import { readForm } from './form-body.js';
import { FormRoute } from './form-route.decorator.js';
import { ClientRegistrationDto, TokenRequestDto } from './oauth-trio.dto.js';
import { asOAuthRefusal, OAuthRefusal } from './oauth-refusal.js';
import { OAuthServers } from './oauth-servers.js';

const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };
const REFUSED = { status: 400, description: 'Refused, in the form of RFC 6749: `error`, `error_description`' };

/**
 * Lets a client log its user in to an upstream and get the tokens: set-up pages use it. The secrets of the gateway's own
 * client never leave, and neither do refresh tokens.
 */
@ApiTags('OAuth')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS, 'not_found')
@Controller('v1/mcp/server/oauth/:server_id')
export class OAuthTrioController {
  constructor(
    private readonly logins: ClientLogins,
    private readonly servers: OAuthServers,
  ) {}

  @Get('authorize')
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Begin a login at the authorization server of an upstream',
    description:
      'Query as in RFC 6749 with PKCE: `redirect_uri` (of the gateway, or a loopback address), `state`, ' +
      '`code_challenge` and `code_challenge_method=S256`. The answer sets a cookie: the same browser has to come back.',
  })
  @ApiResponse({ status: 302, description: 'To the authorization server' })
  @ApiResponse(REFUSED)
  async authorize(
    @Param('server_id') reference: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const server = await this.servers.require(reference, caller, request);
    await answering(response, async () => {
      const location = await this.logins.begin(server, caller, requestOf(query), { request, response });
      response.redirect(302, location);
    });
  }

  @Post('token')
  @HttpCode(200)
  @FormRoute()
  @ApiParam(SERVER_ID)
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenRequestDto })
  @ApiOperation({
    summary: 'Redeem the code of a login',
    description:
      'Only `grant_type=authorization_code`, by the caller who began the login. The tokens are stored for the user of ' +
      'the caller, and the gateway refreshes them; so there is no refresh token in the answer and no grant for one.',
  })
  @ApiResponse({ status: 200, description: '`access_token`, `token_type`, `expires_in`, `scope`' })
  @ApiResponse(REFUSED)
  async token(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const server = await this.servers.require(reference, caller, request);
    await answering(response, async () => {
      const form = await readForm(request, response);
      await runChecksAfterBody(request);
      if (form.get('grant_type') !== 'authorization_code') {
        throw new OAuthRefusal(
          'unsupported_grant_type',
          'Only authorization_code: the gateway refreshes tokens itself.',
        );
      }
      response.json(tokenAnswer(await this.logins.redeem(server, caller, form)));
    });
  }

  @Post('register')
  @HttpCode(201)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Register a client for logins',
    description: 'Nothing is stored: the gateway itself is the client of the upstream. All redirect URIs are checked.',
  })
  @ApiResponse({ status: 201, description: 'As RFC 7591: a public client' })
  @ApiResponse(REFUSED)
  async register(
    @Param('server_id') reference: string,
    @Body() body: ClientRegistrationDto,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const server = await this.servers.require(reference, caller, request);
    await answering(response, async () => {
      const registration = registrationOf(server.id, body, this.logins.accepts.bind(this.logins));
      response.status(201).json(registration);
    });
  }
}

async function answering(response: Response, work: () => Promise<void>): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  try {
    await work();
  } catch (thrown) {
    const { status, code, description } = asOAuthRefusal(thrown);
    response.status(status).json({ error: code, error_description: description });
  }
}

function requestOf(query: Record<string, unknown>): ClientRequest {
  const text = (name: string): string | null => {
    const value = Object.hasOwn(query, name) ? query[name] : undefined;
    return typeof value === 'string' ? value : null;
  };
  return {
    redirect_uri: text('redirect_uri'),
    state: text('state'),
    response_type: text('response_type'),
    code_challenge: text('code_challenge'),
    code_challenge_method: text('code_challenge_method'),
  };
}

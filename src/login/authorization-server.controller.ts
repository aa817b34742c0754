import { Controller, Get, Options, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { JWK } from 'jose';
import { Public } from '../common/access.decorator.js';
import { SigningKeys } from '../signing/signing-keys.js';
import { AuthorizationServer } from './authorization-server.js';
import { GatewayHostGuard } from './gateway-host.guard.js';

const FORM = 'application/x-www-form-urlencoded';
const METADATA = {
  status: 200,
  description: 'RFC 8414.',
  schema: {
    type: 'object',
    example: {
      issuer: 'https://gateway.example.com/oauth',
      authorization_endpoint: 'https://gateway.example.com/oauth/authorize',
      token_endpoint: 'https://gateway.example.com/oauth/token',
      registration_endpoint: 'https://gateway.example.com/oauth/register',
      code_challenge_methods_supported: ['S256'],
      client_id_metadata_document_supported: true,
    },
  },
};
const OAUTH_ERROR = {
  status: 400,
  description: 'RFC 6749: `invalid_request`, `invalid_grant`, `invalid_target`, …',
  schema: { type: 'object', example: { error: 'invalid_grant', error_description: 'grant request is invalid' } },
};
const TOO_MANY = { status: 429, description: '`slow_down`: too many attempts; see `Retry-After`.' };

/** The endpoints of OAuth 2.1 for MCP clients. */
@ApiTags('Login of MCP clients')
@Controller()
@UseGuards(GatewayHostGuard)
export class AuthorizationServerController {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly signing: SigningKeys,
  ) {}

  @Get([
    '.well-known/oauth-authorization-server/oauth',
    '.well-known/openid-configuration/oauth',
    'oauth/.well-known/openid-configuration',
    'oauth/.well-known/oauth-authorization-server',
  ])
  @Public()
  @ApiOperation({
    summary: 'Metadata of the authorization server',
    description: 'RFC 8414, at the places clients look.',
  })
  @ApiResponse(METADATA)
  metadata(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.server.serve(request, response, '/.well-known/oauth-authorization-server');
  }

  @Get('oauth/jwks')
  @Public()
  @ApiOperation({ summary: 'Keys that access tokens are signed with', description: 'As /.well-known/jwks.json.' })
  @ApiResponse({ status: 200, description: 'RFC 7517.', schema: { type: 'object', example: { keys: [] } } })
  keys(): { keys: readonly JWK[] } {
    return { keys: this.signing.keySet().keys };
  }

  @Get('oauth/authorize')
  @Public()
  @ApiOperation({
    summary: 'Begin a login',
    description:
      'OAuth 2.1 with PKCE (S256 only). `redirect_uri` is compared character by character; on loopback any port will do. `resource` (RFC 8707) is a URL of this gateway.',
  })
  @ApiQuery({ name: 'client_id', example: 'https://client.example.com/mcp-client.json' })
  @ApiQuery({ name: 'redirect_uri', example: 'http://127.0.0.1:33418/callback' })
  @ApiQuery({ name: 'response_type', enum: ['code'] })
  @ApiQuery({ name: 'code_challenge' })
  @ApiQuery({ name: 'code_challenge_method', enum: ['S256'] })
  @ApiQuery({ name: 'state', required: false })
  @ApiQuery({ name: 'scope', required: false, example: 'mcp' })
  @ApiQuery({ name: 'resource', required: false, example: 'https://gateway.example.com/mcp' })
  @ApiResponse({ status: 303, description: 'To the login page, or back to the client with an error.' })
  @ApiResponse({ status: 400, description: 'A page: the client or its redirect_uri is not known.' })
  authorize(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.server.serve(request, response, '/authorize');
  }

  @Get('oauth/authorize/:uid')
  @Public()
  @ApiOperation({ summary: 'Go on with a login', description: 'Where the login pages send the browser.' })
  @ApiResponse({ status: 303, description: 'Back to the client, with `code`, `state` and `iss` (RFC 9207).' })
  @ApiResponse({ status: 400, description: 'A page: the login is over, or that of another browser.' })
  resume(@Req() request: Request, @Res() response: Response, @Param('uid') uid: string): Promise<void> {
    return this.server.serve(request, response, `/authorize/${encodeURIComponent(uid)}`);
  }

  @Post('oauth/token')
  @Public()
  @ApiOperation({
    summary: 'Exchange a code or a refresh token',
    description: 'Refresh tokens change with every use; the use of an old one ends everything that was granted.',
  })
  @ApiConsumes(FORM)
  @ApiBody({ schema: { type: 'object', example: { grant_type: 'refresh_token', refresh_token: '…', client_id: '…' } } })
  @ApiResponse({ status: 200, description: 'RFC 6749: an access token for the MCP doors, and a refresh token.' })
  @ApiResponse(OAUTH_ERROR)
  @ApiResponse(TOO_MANY)
  token(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.server.serve(request, response, '/token');
  }

  @Post('oauth/revoke')
  @Public()
  @ApiOperation({
    summary: 'Take back a refresh token',
    description: 'RFC 7009. Ends everything that was granted with it, on every replica within two seconds.',
  })
  @ApiConsumes(FORM)
  @ApiBody({ schema: { type: 'object', example: { token: '…', client_id: '…' } } })
  @ApiResponse({ status: 200, description: 'It is of no use any more.' })
  @ApiResponse(OAUTH_ERROR)
  revoke(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.server.serve(request, response, '/revoke');
  }

  @Post('oauth/register')
  @Public()
  @ApiOperation({
    summary: 'Register a client',
    description:
      'RFC 7591, open to all: what a client may do is up to its users. Clients with a metadata document of their own need none. A client that nobody allowed anything within a day is forgotten.',
  })
  @ApiBody({
    schema: { type: 'object', example: { client_name: 'My agent', redirect_uris: ['http://127.0.0.1/callback'] } },
  })
  @ApiResponse({ status: 201, description: 'RFC 7591.' })
  @ApiResponse({ ...OAUTH_ERROR, description: '`invalid_redirect_uri`, `invalid_client_metadata`.' })
  @ApiResponse(TOO_MANY)
  register(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.server.serve(request, response, '/register');
  }

  @Options(['oauth/token', 'oauth/revoke'])
  @Public()
  @ApiOperation({ summary: 'CORS, for clients in a browser' })
  @ApiResponse({ status: 204, description: 'What may be sent.' })
  preflight(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.server.serve(request, response, request.path.slice('/oauth'.length));
  }
}

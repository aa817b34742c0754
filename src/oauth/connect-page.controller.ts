import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { coversRoute } from '../auth/allowed-routes.js';
import { CallerAuthenticator } from '../auth/caller-authenticator.js';
import type { Principal } from '../auth/principal.js';
import { unauthenticated } from '../auth/unauthenticated.js';
import { Public } from '../common/access.decorator.js';
import { ERROR_CODES } from '../common/error-codes.js';
import { asGatehouseError, GatehouseError } from '../common/gatehouse-error.js';
import { ServerReaders } from '../mcp-servers/server-readers.js';
import { AccountLogins } from './account-logins.js';
import { BrowserCookie } from './browser-cookie.js';
import { readForm } from './form-body.js';
import { ConnectFormDto } from './oauth.dto.js';
import { sendPage } from './page.js';

const TITLE = 'Connect your account';
const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };

/**
 * Where messages send users who have to log in. The address holds no secret and no user: whoever shows the own gateway
 * key there connects the own account, so that nobody can have somebody else log in for them.
 */
@ApiTags('OAuth')
@Controller('oauth/connect')
export class ConnectPageController {
  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly readers: ServerReaders,
    private readonly logins: AccountLogins,
    private readonly cookie: BrowserCookie,
  ) {}

  @Get(':server_id')
  @Public()
  @ApiParam(SERVER_ID)
  @ApiOperation({ summary: 'Page on which users connect their account of a server' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200, description: 'A form for the own gateway key. It is the same for every server' })
  form(@Param('server_id') reference: string, @Req() request: Request, @Res() response: Response): void {
    const token = this.cookie.ensure(request, response);
    const paragraphs = [
      'A server behind the gateway needs a login of yours. Show who you are with your gateway key; then you are sent to the login of that server. Open this page only when you wanted to use the server.',
    ];
    const form = { action: encodeURIComponent(reference), token, button: 'Continue' };
    sendPage(response, 200, { title: TITLE, paragraphs, form });
  }

  @Post(':server_id')
  @Public()
  @ApiParam(SERVER_ID)
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: ConnectFormDto })
  @ApiOperation({ summary: 'Begin to connect an account on the page' })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200, description: 'A link to the login at the authorization server' })
  @ApiResponse({ status: 400, description: 'The form is of another browser, or the server has no logins' })
  @ApiResponse({ status: 401, description: 'The key is not valid' })
  @ApiResponse({ status: 403, description: 'The key cannot reach the server' })
  async begin(
    @Param('server_id') reference: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    try {
      const form = await readForm(request, response);
      this.requireSameBrowser(request, form.get('token') ?? '');
      const caller = await this.callerOf(form.get('key') ?? '', request);
      const server = this.readers.require(reference, caller, request);
      const { authorizationUrl } = await this.logins.begin(server, caller, { request, response });
      const paragraphs = [
        `Your account of ${server.prefix} will be connected for the user ${caller.userId ?? ''}.`,
        `The login is at ${new URL(authorizationUrl).host}. Go on only when you know that address.`,
      ];
      sendPage(response, 200, { title: TITLE, paragraphs, link: { href: authorizationUrl, text: 'Log in' } });
    } catch (thrown) {
      const { code, publicMessage } = asGatehouseError(thrown, 'The login could not be begun. Try again.');
      const link = { href: encodeURIComponent(reference), text: 'Try again' };
      sendPage(response, ERROR_CODES[code].http, { title: 'Not connected', paragraphs: [publicMessage], link });
    }
  }

  /** Another site can send this form too, but not know the value, nor have the cookie sent along. */
  private requireSameBrowser(request: Request, token: string): void {
    if (this.cookie.read(request) === token) return;
    throw new GatehouseError('invalid_request', 'This form is not of this browser, or it keeps no cookies. Try again.');
  }

  private async callerOf(key: string, request: Request): Promise<Principal> {
    const headers = { authorization: `Bearer ${key.trim()}` };
    const result = await this.authenticator.authenticate(headers, request.ip ?? '');
    if (!result.ok) {
      if (result.retryAfter === undefined) throw unauthenticated();
      throw new GatehouseError('rate_limited', 'Too many failing attempts; wait before the next one.');
    }
    const { principal } = result;
    if (!coversRoute(principal.allowedRoutes, ROUTE, 'POST')) {
      throw new GatehouseError('forbidden_route', 'The allowed_routes of this key do not cover this.');
    }
    return principal;
  }
}

/** What a key must cover to connect accounts. */
const ROUTE = '/v1/mcp/server/x/oauth-user-credential/connect';

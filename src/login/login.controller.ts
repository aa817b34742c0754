import { Body, Controller, Get, Param, Post, Req, Res, UseFilters, UseGuards } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../common/access.decorator.js';
import { ConsentPages } from './consent-pages.js';
import { GatewayHostGuard } from './gateway-host.guard.js';
import { Interactions } from './interactions.js';
import { LoginCookie } from './login-cookie.js';
import { LoginFlow } from './login-flow.js';
import { LoginFormDto } from './login-form.dto.js';
import { LoginPageFilter } from './login-page.filter.js';
import { sendPage, type Page } from './pages.js';

const PAGE = { status: 200, description: 'A page.', content: { 'text/html': {} } };
const GOES_ON = { status: 303, description: 'The browser goes on: to the identity provider, or back to the client.' };

/** The pages on which users log in and say what an MCP client may do. They work without JavaScript. */
@ApiTags('Login of MCP clients')
@Controller('oauth/login')
@UseGuards(GatewayHostGuard)
@UseFilters(LoginPageFilter)
@ApiProduces('text/html')
@ApiResponse({ status: 400, description: 'A page: the login is over, or that of another browser.' })
@ApiResponse({ status: 403, description: 'A page: the user is not let in, or the form is not that of this login.' })
export class LoginController {
  constructor(
    private readonly interactions: Interactions,
    private readonly flow: LoginFlow,
    private readonly pages: ConsentPages,
    private readonly cookie: LoginCookie,
  ) {}

  @Get('callback')
  @Public()
  @ApiOperation({
    summary: 'Where the identity provider sends users back to',
    description: 'To be registered there as the redirect URI of the gateway.',
  })
  @ApiResponse(GOES_ON)
  @ApiResponse({ status: 503, description: 'A page: the identity provider does not answer.' })
  async callback(@Req() request: Request, @Res() response: Response): Promise<void> {
    const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
    const state = new URLSearchParams(query).get('state') ?? '';
    const uid = await this.flow.finish(query, state, this.cookie.take(request, response, state));
    response.redirect(303, this.pages.urlOf(uid));
  }

  @Get(':uid')
  @Public()
  @ApiOperation({
    summary: 'Log in, then agree',
    description:
      'Sends users to the identity provider, or asks for a virtual key; then shows what the client asks for.',
  })
  @ApiResponse(PAGE)
  @ApiResponse(GOES_ON)
  async show(@Req() request: Request, @Res() response: Response, @Param('uid') uid: string): Promise<void> {
    const interaction = await this.interactions.ofBrowser(request, response, uid);
    const page = await this.pages.next(interaction);
    if (page !== null) return send(response, page);
    const { location, state } = await this.flow.begin(interaction);
    this.cookie.give(response, state);
    response.redirect(303, location);
  }

  @Post(':uid')
  @Public()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({ summary: 'Answer a page of a login' })
  @ApiResponse(PAGE)
  @ApiResponse(GOES_ON)
  @ApiResponse({ status: 429, description: 'A page: too many keys that are not good.' })
  async answer(
    @Req() request: Request,
    @Res() response: Response,
    @Param('uid') uid: string,
    @Body() form: LoginFormDto,
  ): Promise<void> {
    const interaction = await this.interactions.ofBrowser(request, response, uid);
    this.interactions.assertOwnForm(interaction, form.csrf);
    if (form.key !== undefined && this.pages.asksForKey(interaction)) {
      const account = await this.flow.byKey(interaction, form.key.trim(), request.ip ?? '');
      if (account === null) return send(response, await this.pages.keyRefused(interaction), 403);
      return response.redirect(303, this.pages.urlOf(uid));
    }
    response.redirect(303, await this.pages.decided(interaction, form.decision));
  }
}

function send(response: Response, page: Page, status = 200): void {
  const { body, headers } = sendPage(page);
  response.status(status).set(headers).type('html').send(body);
}

import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../common/access.decorator.js';
import { ERROR_CODES } from '../common/error-codes.js';
import { asGatehouseError } from '../common/gatehouse-error.js';
import { OAuthLogins, type LoginAnswer } from '../credentials/oauth/oauth-logins.js';
import { BrowserCookie } from './browser-cookie.js';
import { LoginEnds } from './login-ends.js';
import { sendPage } from './page.js';

/** Where authorization servers send the browsers of users back to. */
@ApiTags('OAuth')
@Controller()
export class CallbackController {
  constructor(
    private readonly logins: OAuthLogins,
    private readonly ends: LoginEnds,
    private readonly cookie: BrowserCookie,
  ) {}

  @Get('callback')
  @Public()
  @ApiOperation({
    summary: 'End of a login at the authorization server of an upstream',
    description:
      'Takes the answer of an authorization server (RFC 6749, RFC 9207) once, within ten minutes, in the browser that ' +
      'began the login. Answers with a page that says what happened and what to do.',
  })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200, description: 'The account is connected' })
  @ApiResponse({ status: 302, description: 'The login was begun by a client, and goes on there' })
  @ApiResponse({ status: 400, description: 'The login is over, too old, used, or of another browser' })
  @ApiResponse({ status: 502, description: 'The authorization server cannot be reached or refused' })
  async callback(
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    try {
      const answer = answerOf(query);
      const record = await this.logins.take(answer, this.cookie.read(request));
      const end = await this.ends.of(record, answer);
      if (end.kind === 'redirect') response.redirect(302, end.location);
      else sendPage(response, 200, end.page);
    } catch (thrown) {
      const { code, publicMessage } = asGatehouseError(thrown, 'The login could not be ended. Begin again.');
      sendPage(response, ERROR_CODES[code].http, { title: 'Not connected', paragraphs: [publicMessage] });
    }
  }
}

/** Parameters that come twice count as missing. */
function answerOf(query: Record<string, unknown>): LoginAnswer {
  const text = (name: string): string | null => {
    const value = Object.hasOwn(query, name) ? query[name] : undefined;
    return typeof value === 'string' ? value : null;
  };
  return { state: text('state'), code: text('code'), iss: text('iss'), error: text('error') };
}

import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { ERROR_CODES } from '../common/error-codes.js';
import { toGatehouseError } from '../common/problem.js';
import { loginPage, sendPage } from './pages.js';

/** People read these answers, so faults are pages. */
@Catch()
export class LoginPageFilter implements ExceptionFilter {
  private readonly logger = new Logger('Login');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const error = toGatehouseError(thrown);
    const { http, title, log } = ERROR_CODES[error.code];
    if (log === 'error') this.logger.error(`${error.code}: ${error.detail ?? error.publicMessage}`);
    const { body, headers } = sendPage(loginPage({ title, text: error.publicMessage }));
    if (error.retryAfter !== undefined) response.set('retry-after', String(Math.ceil(error.retryAfter)));
    response.status(http).set(headers).type('html').send(body);
  }
}

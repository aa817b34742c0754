import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';

/**
 * A failing probe is an answer, not an error: whoever watches gets the same document as for a passing one, with what is
 * down and why, and nothing is logged, since probes come every few seconds.
 */
@Catch(HttpException)
export class ProbeFilter implements ExceptionFilter<HttpException> {
  catch(failure: HttpException, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(failure.getStatus()).json(failure.getResponse());
  }
}

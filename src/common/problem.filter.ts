import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ERROR_CODES } from './error-codes.js';
import type { GatehouseError } from './gatehouse-error.js';
import { PROBLEM_MEDIA_TYPE, problemOf, toGatehouseError, type ProblemDocument } from './problem.js';
import { assignRequestId } from './request-id.js';

/** Turns everything thrown on an HTTP route into a problem document. Tool calls keep their own errors. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') return;
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = toGatehouseError(thrown);
    const requestId = assignRequestId(request, response);
    // Errors of tool calls, which alone say what was sent, are logged on the road.
    if (error.sent === undefined) this.log(error, requestId);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const problem = this.documentOf(error, requestId);
    if (error.retryAfter !== undefined) response.setHeader('Retry-After', String(Math.ceil(error.retryAfter)));
    response.status(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
  }

  /** A door may add members of its own. */
  protected documentOf(error: GatehouseError, requestId: string): ProblemDocument {
    return problemOf(error, requestId);
  }

  private log(error: GatehouseError, requestId: string): void {
    const level = ERROR_CODES[error.code].log;
    if (level === 'silent') return;
    const line = `${error.code} (request ${requestId}): ${error.detail ?? error.publicMessage}`;
    if (level === 'info') this.logger.log(line);
    else if (level === 'warn') this.logger.warn(line);
    else this.logger.error(line, stackOf(error));
  }
}

/** The stack of what really failed; the error itself is often only its public wrapping. */
function stackOf(error: GatehouseError): string | undefined {
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}

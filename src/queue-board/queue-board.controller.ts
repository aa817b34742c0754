import { All, Controller, Get, Next, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiExcludeEndpoint, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { NextFunction, Response } from 'express';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import { isAdmin, type Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { QueueBoards } from './queue-boards.js';
import { QueueChanges } from './queue-changes.js';

const BELOW = '*path';
/** The board asks for fonts and other things of strangers, which it works without. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'",
  "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

/** The background jobs, to look at and, for admins, to change. */
@ApiTags('Operations')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('admin/queues')
export class QueueBoardController {
  constructor(
    private readonly boards: QueueBoards,
    private readonly changes: QueueChanges,
  ) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'Background jobs (Bull Board)',
    description:
      'A page. With admin view jobs can be looked at; an admin can also retry, remove and pause. Every change leaves a ' +
      'record in `GET /audit`.',
  })
  @ApiProduces('text/html')
  @ApiResponse({ status: 200, description: 'The page; what it loads and asks for lies below this path.' })
  page(
    @Req() request: AuthenticatedRequest,
    @Res() response: Response,
    @Next() next: NextFunction,
    @CurrentPrincipal() caller: Principal,
  ): void {
    this.show(request, response, next, caller);
  }

  @Get(BELOW)
  @RequireRole('admin_view')
  @ApiExcludeEndpoint()
  read(
    @Req() request: AuthenticatedRequest,
    @Res() response: Response,
    @Next() next: NextFunction,
    @CurrentPrincipal() caller: Principal,
  ): void {
    this.show(request, response, next, caller);
  }

  /** Every method but GET, which the route above takes. */
  @All(BELOW)
  @RequireRole('admin')
  @ApiExcludeEndpoint()
  async change(
    @Req() request: AuthenticatedRequest,
    @Res() response: Response,
    @Next() next: NextFunction,
    @CurrentPrincipal() caller: Principal,
  ): Promise<void> {
    await this.changes.record(caller, request.method, below(request));
    this.show(request, response, next, caller);
  }

  private show(request: AuthenticatedRequest, response: Response, next: NextFunction, caller: Principal): void {
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    request.url = below(request);
    this.boards.board(!isAdmin(caller))(request, response, next);
  }
}

/** Path and query below the board. */
function below({ originalUrl }: AuthenticatedRequest): string {
  const rest = /^[^?]*?\/admin\/queues\/?(.*)$/.exec(originalUrl)?.[1] ?? '';
  return `/${rest}`;
}

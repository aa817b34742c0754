import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import type { ErrorCode } from '../common/error-codes.js';
import { ProblemFilter } from '../common/problem.filter.js';
import { toGatehouseError } from '../common/problem.js';
import { assignRequestId } from '../common/request-id.js';
import type { AuditService } from './audit.service.js';

const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unauthenticated',
  'rate_limited',
  'forbidden',
  'forbidden_route',
]);

/** Kept outside of the filter: Nest makes an instance of it for the routes that is not the one it injects. */
const admitted = new WeakSet<AuthenticatedRequest>();

/** To be called when a request has passed the guard: what happens to it from now on is recorded behind it. */
export function admit(request: AuthenticatedRequest): void {
  admitted.add(request);
}

/** Records what the global guard refused at a door over plain HTTP; what went on is recorded behind it. */
@Catch()
export abstract class RefusalFilter implements ExceptionFilter {
  protected constructor(
    private readonly door: string,
    private readonly audit: AuditService,
    private readonly problems: ProblemFilter = new ProblemFilter(),
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<AuthenticatedRequest>();
    const { code } = toGatehouseError(thrown);
    if (REFUSALS.has(code) && !admitted.has(request)) {
      this.audit.recordRefusal({
        door: this.door,
        requestId: assignRequestId(request, host.switchToHttp().getResponse<Response>()),
        principal: request.principal ?? null,
        code,
        sourceAddress: request.socket.remoteAddress ?? null,
        path: request.path,
      });
    }
    this.problems.catch(thrown, host);
  }
}

import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { AuditService } from '../audit/audit.service.js';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import type { ErrorCode } from '../common/error-codes.js';
import { ProblemFilter } from '../common/problem.filter.js';
import { toGatehouseError } from '../common/problem.js';
import { assignRequestId } from '../common/request-id.js';

const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unauthenticated',
  'rate_limited',
  'forbidden',
  'forbidden_route',
]);

/** Kept outside of the filter: Nest makes an instance of it for the routes that is not the one it injects. */
const admitted = new WeakSet<AuthenticatedRequest>();

/** To be called when a request has passed the guard: what happens to it from now on is recorded on the road. */
export function admit(request: AuthenticatedRequest): void {
  admitted.add(request);
}

/** Records what the global guard refused at this door; what went on to the road is recorded there. */
@Injectable()
@Catch()
export class RestRefusalFilter implements ExceptionFilter {
  private readonly problems = new ProblemFilter();

  constructor(private readonly audit: AuditService) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<AuthenticatedRequest>();
    const { code } = toGatehouseError(thrown);
    if (REFUSALS.has(code) && !admitted.has(request)) {
      this.audit.recordRefusal({
        door: 'rest',
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

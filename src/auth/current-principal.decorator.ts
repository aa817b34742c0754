import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Response } from 'express';
import { GatehouseError } from '../common/gatehouse-error.js';
import { assignRequestId } from '../common/request-id.js';
import type { RequestFacts } from '../write-log/write-author.js';
import type { AuthenticatedRequest } from './access.guard.js';
import type { Principal } from './principal.js';

const CHANGED_BY_HEADER = 'litellm-changed-by';
const MAX_CLAIM = 256;

/**
 * The authenticated caller of an HTTP route. On a public route there is none, and asking for one is a fault. Routes that
 * may write get a copy that also knows the request, so that every write can be recorded with it.
 */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const http = context.switchToHttp();
  const request = http.getRequest<AuthenticatedRequest>();
  const { principal } = request;
  if (principal === undefined) throw new GatehouseError('unauthenticated', 'Authentication is required.');
  if (request.method === 'GET') return principal;
  return Object.freeze({ ...principal, request: factsOf(request, http.getResponse<Response>()) });
});

function factsOf(request: AuthenticatedRequest, response: Response): RequestFacts {
  const claim = request.get(CHANGED_BY_HEADER)?.trim().slice(0, MAX_CLAIM) ?? '';
  return {
    requestId: assignRequestId(request, response),
    sourceAddress: request.ip ?? null,
    changedBy: claim === '' ? null : claim,
  };
}

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { AuthenticatedRequest } from './access.guard.js';
import type { Principal } from './principal.js';

/** The authenticated caller of an HTTP route. On a public route there is none, and asking for one is a fault. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (principal === undefined) throw new GatehouseError('unauthenticated', 'Authentication is required.');
  return principal;
});

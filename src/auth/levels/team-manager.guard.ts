import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { AuthenticatedRequest } from '../access.guard.js';
import { TeamAuthority } from './team-authority.js';

/**
 * Lets admins and admins of some team pass, and for reads those with an admin view. It runs before the body is read, so
 * that whoever has nothing to do here learns nothing about bodies; which team it is about, the service checks.
 */
@Injectable()
export class TeamManagerGuard implements CanActivate {
  constructor(@Inject(TeamAuthority) private readonly authority: Pick<TeamAuthority, 'readable' | 'manageable'>) {}

  canActivate(context: ExecutionContext): boolean {
    const { principal, method } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (principal !== undefined) {
      const teams = method === 'GET' ? this.authority.readable(principal) : this.authority.manageable(principal);
      if (teams === 'all' || teams.size > 0) return true;
    }
    throw new GatehouseError('forbidden', 'This needs an admin, or an admin of the team.');
  }
}

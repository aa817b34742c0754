import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request, Response } from 'express';
import { checkAfterBody } from '../common/after-body.js';
import { ACCESS_RULE, type AccessRule } from '../common/access.decorator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { coversRoute } from './allowed-routes.js';
import { AuthChallenge } from './auth-challenge.js';
import { CallerAuthenticator, type NotAuthenticated } from './caller-authenticator.js';
import { JWT_STRATEGY } from './jwt.strategy.js';
import { MASTER_KEY_STRATEGY } from './master-key.strategy.js';
import { hasAdminView, isAdmin, type Principal } from './principal.js';
import { authenticationOf, keepAuthentication } from './request-authentication.js';
import { unauthenticated } from './unauthenticated.js';
import { VIRTUAL_KEY_STRATEGY } from './virtual-key.strategy.js';

/** A request after the guard; `principal` is missing on public routes only. */
export interface AuthenticatedRequest extends Request {
  principal?: Principal;
}

const MAY: Readonly<Record<Exclude<AccessRule, 'public'>, (principal: Principal) => boolean>> = {
  any: () => true,
  admin_view: hasAdminView,
  admin: isAdmin,
};

/**
 * The global guard of all HTTP routes: who calls, may the key use this route, is the role enough. A route without an
 * access rule is closed. Asks again behind the body when anything about the caller has changed while it was read. Tool
 * calls pass: their caller was authenticated at the door.
 */
@Injectable()
export class AccessGuard extends AuthGuard([MASTER_KEY_STRATEGY, VIRTUAL_KEY_STRATEGY, JWT_STRATEGY]) {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: CallerAuthenticator,
    private readonly challenge: AuthChallenge,
  ) {
    super();
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return context.getType<string>() === 'mcp' ? true : this.guardRoute(context);
  }

  private async guardRoute(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, targets);
    if (rule === 'public') return true;
    await this.admit(context, rule);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    checkAfterBody(request, async () => {
      const { principal } = request;
      if (principal === undefined || !this.authenticator.isCurrent(principal)) await this.admit(context, rule);
    });
    return true;
  }

  private async admit(context: ExecutionContext, rule: AccessRule | undefined): Promise<void> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const { headers, ip = '', rawHeaders } = request;
    keepAuthentication(request, await this.authenticator.authenticate(headers, ip, rawHeaders));
    await super.canActivate(context);
    authorize(request, rule);
  }

  override getAuthenticateOptions(): { property: string; session: boolean } {
    return { property: 'principal', session: false };
  }

  /** Called by passport when its strategies have answered. */
  override handleRequest<TUser = Principal>(
    error: unknown,
    user: TUser | false,
    _info: unknown,
    context: ExecutionContext,
  ): TUser {
    if (error !== null && error !== undefined) throw error;
    if (user !== false && user !== undefined && user !== null) return user;
    const http = context.switchToHttp();
    const result = authenticationOf(http.getRequest<Request>());
    throw this.refusal(result?.ok === false ? result : { ok: false, presented: false }, http.getResponse<Response>());
  }

  private refusal(failure: NotAuthenticated, response: Response): GatehouseError {
    if (failure.retryAfter !== undefined) {
      return new GatehouseError('rate_limited', 'Too many failing attempts; wait before the next one.', {
        retryAfter: failure.retryAfter,
      });
    }
    response.setHeader('WWW-Authenticate', this.challenge.headerFor(failure));
    return unauthenticated();
  }
}

function authorize({ principal, path, method }: AuthenticatedRequest, rule: AccessRule | undefined): void {
  if (principal === undefined || rule === undefined || rule === 'public') {
    throw new GatehouseError('forbidden', 'The caller may not do this.', { detail: 'a route has no access rule' });
  }
  if (!coversRoute(principal.allowedRoutes, path, method)) {
    throw new GatehouseError('forbidden_route', 'The allowed_routes of this key do not cover this route.');
  }
  if (!MAY[rule](principal)) throw new GatehouseError('forbidden', 'This needs a caller with another role.');
}

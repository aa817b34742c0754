import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { coversRoute } from '../../auth/allowed-routes.js';
import { AuthChallenge } from '../../auth/auth-challenge.js';
import { CallerAuthenticator } from '../../auth/caller-authenticator.js';
import type { Principal } from '../../auth/principal.js';
import { unauthenticated } from '../../auth/unauthenticated.js';
import { GatehouseError } from '../../common/gatehouse-error.js';

/** Who calls a route that needs no credential. */
@Injectable()
export class OptionalCaller {
  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly challenge: AuthChallenge,
  ) {}

  /**
   * null: no credential was sent.
   * @throws GatehouseError for a credential that is not good, or may not use this route
   */
  async of(request: Request, response: Response): Promise<Principal | null> {
    const { headers, ip = '', rawHeaders, path, method } = request;
    const result = await this.authenticator.authenticate(headers, ip, rawHeaders);
    if (!result.ok) {
      if (!result.presented && result.retryAfter === undefined) return null;
      if (result.retryAfter !== undefined) {
        throw new GatehouseError('rate_limited', 'Too many failing attempts; wait before the next one.', {
          retryAfter: result.retryAfter,
        });
      }
      response.setHeader('WWW-Authenticate', this.challenge.headerFor(result));
      throw unauthenticated();
    }
    if (!coversRoute(result.principal.allowedRoutes, path, method)) {
      throw new GatehouseError('forbidden_route', 'The allowed_routes of this key do not cover this route.');
    }
    return result.principal;
  }
}

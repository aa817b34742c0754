import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-custom';
import type { Principal } from './principal.js';
import { principalOfKind } from './request-authentication.js';

export const JWT_STRATEGY = 'gatehouse:jwt';

/** Accepts access tokens of the configured issuers. Without state, like every strategy here. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, JWT_STRATEGY) {
  validate(request: Request): Principal | false {
    return principalOfKind(request, 'jwt');
  }
}

import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-custom';
import type { Principal } from './principal.js';
import { principalOfKind } from './request-authentication.js';

export const MASTER_KEY_STRATEGY = 'gatehouse:master-key';

/**
 * Accepts the master key. Passport keeps strategies per process, not per application, so a strategy holds no state:
 * it reads what the authenticator of its application said of the request.
 */
@Injectable()
export class MasterKeyStrategy extends PassportStrategy(Strategy, MASTER_KEY_STRATEGY) {
  validate(request: Request): Principal | false {
    return principalOfKind(request, 'master_key');
  }
}

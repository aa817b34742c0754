import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-custom';
import type { Principal } from './principal.js';
import { principalOfKind } from './request-authentication.js';

export const VIRTUAL_KEY_STRATEGY = 'gatehouse:virtual-key';

/** Accepts virtual keys. Without state, like every strategy here. */
@Injectable()
export class VirtualKeyStrategy extends PassportStrategy(Strategy, VIRTUAL_KEY_STRATEGY) {
  validate(request: Request): Principal | false {
    return principalOfKind(request, 'virtual_key');
  }
}

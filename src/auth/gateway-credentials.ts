import { Injectable } from '@nestjs/common';
import { CallerAuthenticator } from './caller-authenticator.js';

/** Tells what opens this gateway, so that it can be kept from going anywhere else. */
@Injectable()
export class GatewayCredentials {
  constructor(private readonly authenticator: CallerAuthenticator) {}

  /**
   * Does the text of an `Authorization` header hold a credential of the gateway, in any part of it? A promise only when
   * an access token has to be verified.
   */
  opensGateway(authorization: string): boolean | Promise<boolean> {
    const answers = authorization.split(/[\s,;="']+/).map((part) => this.authenticator.knows(part));
    if (answers.includes(true)) return true;
    const pending = answers.filter((answer) => answer instanceof Promise);
    return pending.length === 0 ? false : Promise.all(pending).then((settled) => settled.includes(true));
  }
}

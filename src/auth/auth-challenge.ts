import { Injectable } from '@nestjs/common';
import type { NotAuthenticated } from './caller-authenticator.js';
import { PublicUrl } from './public-url.js';

/** The challenge that goes with a 401, the same on every door. */
@Injectable()
export class AuthChallenge {
  constructor(private readonly url: PublicUrl) {}

  /** Value of `WWW-Authenticate`: where the RFC 9728 metadata is, and whether something bad was presented. */
  headerFor(failure: NotAuthenticated): string {
    const metadata = `resource_metadata="${this.url.base}/.well-known/oauth-protected-resource"`;
    return failure.presented ? `Bearer error="invalid_token", ${metadata}` : `Bearer ${metadata}`;
  }
}

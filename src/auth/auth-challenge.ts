import { Injectable } from '@nestjs/common';
import type { NotAuthenticated } from './caller-authenticator.js';
import { PublicUrl } from './public-url.js';
import { isResourcePath, RESOURCE_METADATA_PATH } from './resource-path.js';

/** The challenge that goes with a 401, the same on every door. */
@Injectable()
export class AuthChallenge {
  constructor(private readonly url: PublicUrl) {}

  /**
   * Value of `WWW-Authenticate`: where the RFC 9728 metadata is, and whether something bad was presented.
   * @param door path of the MCP door; clients compare the resource that the metadata names with the URL that they use
   */
  headerFor(failure: NotAuthenticated, door = ''): string {
    const path = isResourcePath(door) ? door : '';
    const metadata = `resource_metadata="${this.url.base}${RESOURCE_METADATA_PATH}${path}"`;
    return failure.presented ? `Bearer error="invalid_token", ${metadata}` : `Bearer ${metadata}`;
  }
}

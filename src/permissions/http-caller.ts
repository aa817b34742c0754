import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import type { Principal } from '../auth/principal.js';
import { authenticationOf } from '../auth/request-authentication.js';
import { unauthenticated } from '../auth/unauthenticated.js';
import { assignRequestId } from '../common/request-id.js';
import { PolicyService } from './policy.service.js';

/** What a call needs of the HTTP request that it came with. */
export interface HttpCaller {
  readonly principal: Principal;
  readonly requestId: string;
  readonly sourceAddress: string | null;
  readonly external: boolean;
  /** Lower-case names; without the headers that carry the gateway credential. */
  readonly headers: Readonly<Record<string, string>>;
}

const GATEWAY_KEY_HEADERS = new Set(['x-gatehouse-api-key', 'x-litellm-api-key']);

/** Reads the caller of a request that the global guard let in. */
@Injectable()
export class HttpCallers {
  constructor(private readonly policy: PolicyService) {}

  read(request: AuthenticatedRequest, response: Response): HttpCaller {
    const authentication = authenticationOf(request);
    if (request.principal === undefined || authentication?.ok !== true) {
      throw unauthenticated();
    }
    const forwardedFor = request.headers['x-forwarded-for'];
    const { address, external } = this.policy.externalAddress(
      request.socket.remoteAddress ?? null,
      Array.isArray(forwardedFor) ? forwardedFor.join(',') : (forwardedFor ?? null),
    );
    return {
      principal: request.principal,
      requestId: assignRequestId(request, response),
      sourceAddress: address,
      external,
      headers: withoutCredential(request, authentication.credentialHeader),
    };
  }
}

function withoutCredential(request: AuthenticatedRequest, credentialHeader: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name === credentialHeader || GATEWAY_KEY_HEADERS.has(name)) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

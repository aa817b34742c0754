import { Injectable } from '@nestjs/common';
import type { AuthorizedRequest } from '../permissions/authorized-request.js';
import { ToolBackends } from './tool-backends.js';
import type { InvokeOptions, UpstreamReply } from './upstream.types.js';

/** Sends requests of callers that are no tool calls. The part of a backend that cannot call tools. */
@Injectable()
export class RequestSender {
  readonly #backends: ToolBackends;

  constructor(backends: ToolBackends) {
    this.#backends = backends;
  }

  /**
   * Sends a request once.
   * @throws GatehouseError as a backend does.
   */
  send(request: AuthorizedRequest, options: Omit<InvokeOptions, 'hookHeaders'>): Promise<UpstreamReply> {
    return this.#backends.for(request.server).invoke(request, { ...options, hookHeaders: null });
  }
}

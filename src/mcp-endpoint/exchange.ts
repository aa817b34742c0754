import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../auth/principal.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import type { AccessRequest } from '../permissions/access-request.js';
import type { DoorPath } from './door-path.js';
import type { MessageSink } from './streams/message-sink.js';

/** One HTTP request at an MCP door. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Goes out with the response. */
  readonly requestId: string;
  readonly path: DoorPath;
  /** Takes the answers in place of the response: those of HTTP+SSE go into a stream of their own. null: elsewhere. */
  readonly outlet: MessageSink | null;
  /** As it was read; null: not yet, or there is none. */
  body: Buffer | null;
  /** The gateway shuts down: nothing new is begun. */
  readonly draining: boolean;
}

/** What the gate found out about a request that may go on. */
export interface Admission {
  readonly principal: Principal;
  /** Name of the header that carried the credential; it goes no further. */
  readonly credentialHeader: string;
  readonly access: AccessRequest;
  readonly granted: GrantedAccess;
  readonly sourceAddress: string | null;
  /** Another process handed the request over: it is answered here or nowhere. */
  readonly handedOver: boolean;
}

/** How the two kinds of door are called in audit and metrics. */
export type DoorName = 'mcp-2025' | 'mcp-2026';

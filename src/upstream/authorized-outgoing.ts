import type { AuthorizedCall } from '../permissions/authorized-call.js';
import type { AuthorizedRequest } from '../permissions/authorized-request.js';

/** What a backend sends on behalf of a caller: a tool call or a request of another kind, with its permission. */
export type AuthorizedOutgoing = AuthorizedCall | AuthorizedRequest;

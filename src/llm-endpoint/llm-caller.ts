import type { HttpCall } from '../auth/http-call.js';
import type { HttpCaller } from '../permissions/http-caller.js';
import { presentedIn } from '../permissions/presented-headers.js';
import type { AccessRequest, PathScope } from '../permissions/access-request.js';

/** Who asks, and how the request can end early. */
export interface LlmCaller extends HttpCaller {
  readonly route: string;
  readonly call: HttpCall;
}

/** What a scope of this caller is decided on. */
export function accessOf({ route, external, headers }: LlmCaller, scope: PathScope): AccessRequest {
  const serversHeader = scope.kind === 'all' ? (headers['x-mcp-servers'] ?? null) : null;
  return { route, scope, serversHeader, external, ...presentedIn(headers) };
}

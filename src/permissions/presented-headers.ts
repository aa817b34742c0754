import type { AccessRequest } from './access-request.js';

/**
 * What a request brings for upstreams that take the caller's own credential: its `Authorization`.
 * @param headers of the request, without the one that opened the gateway
 */
export function presentedIn(headers: {
  readonly authorization?: string | undefined;
}): Pick<AccessRequest, 'presented'> {
  const { authorization } = headers;
  return authorization === undefined ? {} : { presented: { authorization } };
}

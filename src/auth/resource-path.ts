/** Where the metadata of protected resources is (RFC 9728); the path of a single resource follows. */
export const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource';

/** Paths of doors. Others are not echoed. */
const RESOURCE_PATH = /^(\/[A-Za-z0-9._~,-]{1,256}){0,4}$/;

/** Can this be the path of an MCP door, without the query and a trailing slash? Empty: the gateway as a whole. */
export function isResourcePath(path: string): boolean {
  return RESOURCE_PATH.test(path);
}

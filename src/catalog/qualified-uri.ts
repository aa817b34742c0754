import type { McpServer } from '../mcp-servers/mcp-server.js';

/** `gatehouse://{server}/{uri of the server}`: the server in the place of a host, the URI behind it as it is. */
const QUALIFIED = /^gatehouse:\/\/([^/?#]*)\//i;
const OWN_SCHEME = /^gatehouse:/i;

/** The URI, or template, of a server under a name that no other server can have. */
export function qualify(server: McpServer, uri: string): string {
  return `gatehouse://${encodeURIComponent(server.prefix)}/${uri}`;
}

/** What a qualified URI says; null: it is not one. */
export function unqualify(uri: string): { readonly host: string; readonly uri: string } | null {
  const match = QUALIFIED.exec(uri);
  return match === null ? null : { host: (match[1] ?? '').toLowerCase(), uri: uri.slice(match[0].length) };
}

/** The server's part of qualified URIs as {@link unqualify} gives it. Hosts are compared without case. */
export function hostOf(server: McpServer): string {
  return encodeURIComponent(server.prefix).toLowerCase();
}

/** Would a client, or this gateway, take the URI of an upstream for a qualified one? */
export function looksQualified(uri: string): boolean {
  return OWN_SCHEME.test(uri);
}

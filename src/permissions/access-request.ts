/** What the path of a door narrows the request to. */
export type PathScope =
  | { readonly kind: 'all' }
  /** `/{x}/mcp`: one server, no groups. */
  | { readonly kind: 'server'; readonly reference: string }
  /** `/mcp/{a,b}`: servers or access groups. */
  | { readonly kind: 'list'; readonly references: readonly string[] }
  | { readonly kind: 'toolset'; readonly name: string };

/** Everything about a request, besides the caller, that the permission decision depends on. */
export interface AccessRequest {
  /** Path as routed, for `allowed_routes`. */
  readonly route: string;
  /** HTTP method, where `allowed_routes` tell reads from writes. Missing: not a read. */
  readonly method?: string | undefined;
  readonly scope: PathScope;
  /** `x-mcp-servers` as sent; null: not sent. Void when the path has a scope. */
  readonly serversHeader: string | null;
  /**
   * Headers that the caller sends for upstreams, lower case; what is listed may depend on them. Missing: none.
   */
  readonly presented?: Readonly<Record<string, string>>;
  /** The client address is not internal, or not known. */
  readonly external: boolean;
}

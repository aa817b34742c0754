/** What the thread that imports a document says, one at a time. */
export type ImportMessage =
  /** Some of the tools, as a JSON list of `OperationTool`. */
  | { readonly kind: 'tools'; readonly tools: string }
  | { readonly kind: 'end'; readonly warnings: readonly string[]; readonly serverUrl: string | null }
  | { readonly kind: 'unusable'; readonly reason: string };

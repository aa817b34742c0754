/** What the record of a write says of the request that asked for it. */
export interface RequestFacts {
  readonly requestId: string;
  readonly sourceAddress: string | null;
  /** `litellm-changed-by` as sent: what the caller says of itself, which nobody checked. */
  readonly changedBy: string | null;
}

/** Who writes. */
export interface WriteAuthor {
  readonly id: string;
  readonly keyAlias: string | null;
  readonly userId: string | null;
  /** Missing: the gateway writes of its own accord. */
  readonly request?: RequestFacts;
}

import { createHash, hash } from 'node:crypto';

/** What a link's hash is made of. */
export interface HashedLink {
  readonly chain: string;
  readonly seq: number;
  readonly at: Date;
  /** Hash of the link before; empty for the first. */
  readonly prev: string;
}

/**
 * SHA-256 in hex over the link before, the link itself and the texts of its records, each in a line. JSON has no line
 * breaks, so no record can pass for two.
 */
export function linkHash({ chain, seq, at, prev }: HashedLink, texts: readonly string[]): string {
  const digest = createHash('sha256').update(`${prev}\n${chain}\n${seq}\n${at.toISOString()}`);
  for (const text of texts) digest.update('\n').update(text);
  return digest.digest('hex');
}

/** SHA-256 in hex of a text. */
export function textHash(text: string): string {
  return hash('sha256', text, 'hex');
}

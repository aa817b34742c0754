import { fold } from '../common/fold.js';

/** An entry of a list or a map of grants: what it refers to, and what it says of that. */
export type ReferenceEntry<T> = readonly [reference: string, value: T];

const NONE: readonly ReferenceEntry<never>[] = Object.freeze([]);

/**
 * Entries by what they refer to, after case folding. Made once for a list of any length, so that a question about one
 * server does not go through the list. Knows nothing of which servers there are.
 */
export class ReferenceIndex<T> {
  private readonly byName = new Map<string, ReferenceEntry<T>[]>();

  constructor(entries: Iterable<ReferenceEntry<T>>) {
    for (const entry of entries) {
      const name = fold(entry[0]);
      const same = this.byName.get(name);
      if (same === undefined) this.byName.set(name, [entry]);
      else same.push(entry);
    }
  }

  /** Entries whose reference is this after case folding. */
  under(foldedName: string): readonly ReferenceEntry<T>[] {
    return this.byName.get(foldedName) ?? NONE;
  }
}

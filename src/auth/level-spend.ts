import type { LevelKind } from './principal.js';

/**
 * What auth has to ask the ledger of costs when levels are shown. The room that keeps it provides it globally, under
 * this class as token.
 */
export abstract class LevelSpend {
  /**
   * What levels of one kind have spent so far, over all replicas. Never asked by calls.
   * @returns by id; rejects when the database does not answer
   */
  abstract readSpend(kind: LevelKind, ids: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** The views, each with what its level has spent. */
  async addTo<View extends object>(
    kind: LevelKind,
    views: readonly View[],
    idOf: (view: View) => string,
  ): Promise<(View & { readonly spend: number })[]> {
    const spent = await this.readSpend(kind, views.map(idOf));
    return views.map((view) => ({ ...view, spend: spent.get(idOf(view)) ?? 0 }));
  }

  /** As {@link addTo}, for one view. */
  async addToOne<View extends object>(
    kind: LevelKind,
    view: View,
    idOf: (view: View) => string,
  ): Promise<View & { readonly spend: number }> {
    const spent = await this.readSpend(kind, [idOf(view)]);
    return { ...view, spend: spent.get(idOf(view)) ?? 0 };
  }
}

import type { EntityManager } from 'typeorm';

/**
 * What auth has to ask the toolsets when grants are written. The room that owns them provides it globally, under this
 * class as token.
 */
export abstract class ToolsetReferences {
  /**
   * Resolves ids and exact names to ids, as they are in the transaction of `manager`. References to no toolset are not
   * in the answer.
   */
  abstract resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>>;
}

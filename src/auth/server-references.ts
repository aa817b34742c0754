import type { EntityManager } from 'typeorm';

/**
 * What auth has to ask the server registry when grants are written. The room that owns the servers provides it
 * globally, under this class as token.
 */
export abstract class ServerReferences {
  /**
   * Resolves names, aliases and ids to the ids of active servers, as they are in the transaction of `manager`.
   * References to no server are not in the answer.
   */
  abstract resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>>;
}

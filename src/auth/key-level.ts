import type { ObjectPermission } from './object-permission.js';
import { prepareIndex } from './permission-index.js';
import type { ArgumentRule, GrantLevel, LevelLimits } from './principal.js';

/** What a key level is made of. */
export type KeyLevelFields = Omit<GrantLevel, 'kind' | 'objectPermission'> & {
  /** As read, or as JSON text that is known to be well-formed. */
  readonly objectPermission: ObjectPermission | string | null;
};

/** Text from this length on is read at once: the first call of its key would wait for it. */
const LONG_TEXT = 4_096;

/**
 * What one key grants. There are very many keys and most of them do not call, so the grants stay the text that they are
 * stored as until somebody asks for them.
 */
export class KeyLevel implements GrantLevel {
  readonly kind = 'key';
  readonly id: string;
  readonly accessGroupIds: readonly string[];
  readonly closed: boolean;
  declare readonly argumentRules?: readonly ArgumentRule[];
  declare readonly limits?: LevelLimits;
  #permission: ObjectPermission | string | null;

  constructor({ id, objectPermission, accessGroupIds, closed, argumentRules, limits }: KeyLevelFields) {
    this.id = id;
    this.accessGroupIds = accessGroupIds;
    this.closed = closed;
    if (argumentRules !== undefined) this.argumentRules = argumentRules;
    if (limits !== undefined) this.limits = limits;
    this.#permission = objectPermission;
    if (typeof objectPermission === 'string' && objectPermission.length >= LONG_TEXT) this.read(objectPermission);
    Object.freeze(this);
  }

  get objectPermission(): ObjectPermission | null {
    const permission = this.#permission;
    return typeof permission === 'string' ? this.read(permission) : permission;
  }

  /** Not checked: only what was checked is ever stored, and the database holds it in a type of its own. */
  private read(text: string): ObjectPermission {
    const permission: ObjectPermission = JSON.parse(text);
    this.#permission = permission;
    prepareIndex(permission);
    return permission;
  }
}

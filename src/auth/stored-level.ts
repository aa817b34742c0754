import type { ObjectPermission } from './object-permission.js';
import { prepareIndex } from './permission-index.js';
import type { ArgumentRule, GrantLevel, LevelKind, LevelLimits } from './principal.js';

/** Columns of whatever can carry grants and limits. Empty lists may be null. */
export interface GrantColumns {
  /** As an object, or as JSON text that is known to be well-formed. */
  readonly object_permission: ObjectPermission | string | null;
  readonly permission_closed: boolean;
  readonly access_group_ids?: readonly string[] | null;
  readonly argument_rules?: readonly ArgumentRule[] | null;
  readonly rpm_limit: number | null;
  readonly mcp_rpm_limit: Readonly<Record<string, number>> | null;
  readonly max_budget: number | null;
}

/** Text from this length on is read at once: the first call of its level would wait for it. */
const LONG_TEXT = 4_096;
const NONE: readonly string[] = Object.freeze([]);

/**
 * What one stored level grants. There are very many keys and teams, and most of them do not call, so the grants stay the
 * text that they are stored as until somebody asks for them.
 */
export class StoredLevel implements GrantLevel {
  readonly accessGroupIds: readonly string[];
  readonly closed: boolean;
  declare readonly argumentRules?: readonly ArgumentRule[];
  declare readonly limits?: LevelLimits;
  #permission: ObjectPermission | string | null;

  constructor(
    readonly kind: LevelKind,
    readonly id: string,
    row: GrantColumns,
  ) {
    const limits = limitsOf(row);
    const rules = row.argument_rules ?? [];
    this.accessGroupIds = row.access_group_ids ?? NONE;
    this.closed = row.permission_closed;
    if (rules.length > 0) this.argumentRules = rules;
    if (limits !== null) this.limits = limits;
    this.#permission = row.object_permission;
    if (typeof this.#permission === 'string' && this.#permission.length >= LONG_TEXT) this.read(this.#permission);
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

function limitsOf({ rpm_limit, mcp_rpm_limit, max_budget }: GrantColumns): LevelLimits | null {
  if (rpm_limit === null && mcp_rpm_limit === null && max_budget === null) return null;
  return { rpm: rpm_limit, mcpRpm: mcp_rpm_limit, maxBudget: max_budget };
}

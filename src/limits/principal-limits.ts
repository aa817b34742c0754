import type { GrantLevel, LevelKind, Principal } from '../auth/principal.js';

/** At most so many calls a minute, counted under a name of their own. */
export interface RateLimit {
  readonly counter: string;
  readonly callsPerMinute: number;
  /** Whose limit it is, for the refusal. */
  readonly owner: string;
}

/** At most so much spending in total. */
export interface Budget {
  readonly kind: LevelKind;
  readonly id: string;
  readonly most: number;
}

/** All limits of a caller. */
export interface PrincipalLimits {
  readonly budgets: readonly Budget[];
  /** For calls of any server. */
  readonly overall: readonly RateLimit[];
  /** By server id: the overall ones and those of the server. */
  readonly ofServer: ReadonlyMap<string, readonly RateLimit[]>;
}

const known = new WeakMap<Principal, PrincipalLimits | 'none'>();

/** The limits of a caller, worked out once. Most callers have none. */
export function limitsOf(principal: Principal): PrincipalLimits | 'none' {
  let limits = known.get(principal);
  if (limits === undefined) {
    limits = collect(principal.levels);
    known.set(principal, limits);
  }
  return limits;
}

function collect(levels: readonly GrantLevel[]): PrincipalLimits | 'none' {
  const budgets = levels.flatMap(budgetOf);
  const overall = levels.flatMap(overallOf);
  const perServer = new Map<string, RateLimit[]>();
  for (const level of levels) {
    for (const [serverId, callsPerMinute] of Object.entries(level.limits?.mcpRpm ?? {})) {
      const own = perServer.get(serverId) ?? [];
      const counter = `on:${serverId}:${counterOf(level)}`;
      own.push({ counter, callsPerMinute, owner: `${level.kind} on this server` });
      perServer.set(serverId, own);
    }
  }
  if (budgets.length === 0 && overall.length === 0 && perServer.size === 0) return 'none';
  const ofServer = new Map([...perServer].map(([serverId, own]) => [serverId, [...overall, ...own]]));
  return { budgets, overall, ofServer };
}

function budgetOf({ kind, id, limits }: GrantLevel): Budget[] {
  const most = limits?.maxBudget ?? null;
  return most === null ? [] : [{ kind, id, most }];
}

function overallOf(level: GrantLevel): RateLimit[] {
  const callsPerMinute = level.limits?.rpm ?? null;
  return callsPerMinute === null ? [] : [{ counter: counterOf(level), callsPerMinute, owner: level.kind }];
}

/** Ids of levels are free text, so they come last: no counter can be taken for another one. */
function counterOf({ kind, id }: GrantLevel): string {
  return `${kind}:${id}`;
}

import { isAdmin, type LevelKind, type Principal } from '../auth/principal.js';
import type { ServerRule, ServerRules } from './access-rules.js';
import type { LevelGrants } from './grants.js';
import type { PolicyWorld } from './policy-world.js';

type Levels = ReadonlyMap<LevelKind, LevelGrants>;

/** The only levels that grant. */
const GRANTORS: readonly LevelKind[] = ['key', 'team'];
/** Levels that only narrow. */
const CEILINGS: readonly LevelKind[] = ['user', 'customer', 'agent', 'organization'];

const never = (): boolean => false;

const LEVEL_MISSING: ServerRule = { step: 'level_missing', source: null, passes: never };
const ALLOW_ALL_KEYS: ServerRule = {
  step: 'allow_all_keys',
  source: null,
  passes: (server) => server.allowAllKeys,
};
const ADMIN: ServerRule = { step: 'admin', source: null, passes: () => true };

/** The rules that decide on servers for one caller. */
export function serverRules(world: PolicyWorld, principal: Principal, levels: Levels, external: boolean): ServerRules {
  const bars: ServerRule[] = [];
  if (principal.levelMissing) bars.push(LEVEL_MISSING);
  for (const level of levels.values()) {
    if (level.refusesAll) bars.push({ step: 'no_mcp_servers', source: level, passes: never });
  }
  if (external) bars.push(visibleFromOutside(world));
  const ceilings = speaking(levels, CEILINGS).map(grantedBy);
  return { bars, open: ALLOW_ALL_KEYS, grants: [...grantRules(principal, levels), ...ceilings] };
}

function grantRules(principal: Principal, levels: Levels): ServerRule[] {
  const grantors = speaking(levels, GRANTORS);
  if (grantors.length > 0) return grantors.map(grantedBy);
  return [isAdmin(principal) ? ADMIN : submittedBy(principal)];
}

function grantedBy(level: LevelGrants): ServerRule {
  return { step: 'level_grants', source: level, passes: (server) => level.grants(server) };
}

function submittedBy({ userId }: Principal): ServerRule {
  return {
    step: 'submitted_by',
    source: null,
    passes: (server) => server.submittedBy !== null && server.submittedBy === userId,
  };
}

function visibleFromOutside({ registry }: PolicyWorld): ServerRule {
  return {
    step: 'ip_visibility',
    source: null,
    passes: (server) => server.availableOnPublicInternet || registry.publicServerIds.has(server.id),
  };
}

function speaking(levels: Levels, kinds: readonly LevelKind[]): LevelGrants[] {
  return kinds
    .map((kind) => levels.get(kind))
    .filter((level) => level !== undefined)
    .filter((level) => level.speaks);
}

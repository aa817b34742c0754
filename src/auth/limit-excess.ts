import type { KnownKey } from './known-key.js';
import type { LevelLimits } from './principal.js';

const UNLIMITED: LevelLimits = { rpm: null, mcpRpm: null, maxBudget: null };

/** Names of the fields by which a key may be used more, or for longer, than another one. */
export function limitsBeyond(made: KnownKey, maker: KnownKey): readonly string[] {
  const own = maker.level.limits ?? UNLIMITED;
  const given = made.level.limits ?? UNLIMITED;
  const perServer = Object.entries(own.mcpRpm ?? {}).filter(([id, most]) => exceeds(given.mcpRpm?.[id] ?? null, most));
  return [
    ...(exceeds(given.rpm, own.rpm) ? ['rpm_limit'] : []),
    ...(perServer.length > 0 ? ['mcp_rpm_limit'] : []),
    ...(exceeds(given.maxBudget, own.maxBudget) ? ['max_budget'] : []),
    ...(made.expiresAt > maker.expiresAt ? ['duration'] : []),
  ];
}

/** null: no limit. */
function exceeds(given: number | null, own: number | null): boolean {
  return own !== null && (given === null || given > own);
}

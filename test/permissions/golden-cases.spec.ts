import { describe, expect, it } from '@jest/globals';
import type { AccessDecision } from '../../src/permissions/access-decision.js';
import { decide } from '../../src/permissions/evaluator.js';
import { GoldenWorld, readGolden, requestOf, type GoldenCase } from './golden-world.js';

const { cases } = readGolden();

describe('golden cases of the permission rules', () => {
  it('has the cases of the specification', () => {
    expect(cases).toHaveLength(59);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(59);
  });

  it.each(cases)('$id: $why', async (golden) => {
    const world = await GoldenWorld.of(golden);
    const decision = decide(world.policyWorld, world.principal, requestOf(golden));
    expect(seen(decision, world.catalogue)).toEqual(golden.expect);
  });
});

/** A decision in the form of the specification. */
function seen(decision: AccessDecision, catalogue: ReadonlyMap<string, readonly string[]>): GoldenCase['expect'] {
  if (!decision.granted) return { servers: [], tools: {}, [decision.code]: true };
  const servers = [...decision.servers.values()].sort((left, right) =>
    (left.server.alias ?? '').localeCompare(right.server.alias ?? ''),
  );
  const tools = servers.map((access) => {
    const offered = catalogue.get(access.server.id) ?? [];
    return [access.server.alias ?? '', offered.filter((tool) => access.allowsTool(tool)).sort()] as const;
  });
  return { servers: tools.map(([alias]) => alias), tools: Object.fromEntries(tools) };
}

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Principal } from '../../src/auth/principal.js';
import type { AccessRequest } from '../../src/permissions/access-request.js';
import { decide } from '../../src/permissions/evaluator.js';
import { explainDecision } from '../../src/permissions/explanation.js';
import type { PolicyWorld } from '../../src/permissions/policy-world.js';
import { GoldenWorld, readGolden, requestOf } from './golden-world.js';
import { requestFor } from './policy-fixtures.js';
import { OFFERED, situation } from './random-worlds.js';

/** What a caller may use: by `decide`, and by the rules that the explanation shows. */
function compare(world: PolicyWorld, principal: Principal, request: AccessRequest, tools: readonly string[]): void {
  const decision = decide(world, principal, request);
  const explained = explainDecision(world, principal, request);
  expect(refusalOf(explained.decision)).toBe(refusalOf(decision));
  for (const server of world.registry.servers) {
    const access = decision.granted ? decision.servers.get(server.id) : undefined;
    const shown = explained.decision.granted ? explained.decision.servers.get(server.id) : undefined;
    expect(shown === undefined).toBe(access === undefined);
    if (access === undefined) continue;
    expect(explained.aboutServer(server).every((rule) => rule.passed)).toBe(true);
    for (const tool of tools) {
      expect(shown?.allowsTool(tool)).toBe(access.allowsTool(tool));
      expect(explained.aboutTool(server, tool).every((rule) => rule.passed)).toBe(access.allowsTool(tool));
    }
  }
}

/** Without a scope nothing but the rules on servers decides, so they must tell the refused servers too. */
function compareUnscoped(world: PolicyWorld, principal: Principal, external: boolean): void {
  const request = requestFor({ kind: 'all' }, { external });
  const decision = decide(world, principal, request);
  if (!decision.granted) return;
  const explained = explainDecision(world, principal, request);
  for (const server of world.registry.servers) {
    const rules = explained.aboutServer(server);
    expect(rules.every((rule) => rule.passed)).toBe(decision.servers.has(server.id));
    expect(rules.length).toBeGreaterThan(0);
  }
}

function refusalOf(decision: ReturnType<typeof decide>): string | null {
  return decision.granted ? null : decision.code;
}

describe('explainDecision', () => {
  it.each(readGolden().cases)('says of golden case $id what decide says', async (golden) => {
    const world = await GoldenWorld.of(golden);
    const request = requestOf(golden);
    const tools = [...new Set([...world.catalogue.values()].flat())];
    compare(world.policyWorld, world.principal, request, tools);
    compareUnscoped(world.policyWorld, world.principal, request.external);
  });

  it('says of random worlds what decide says', () => {
    fc.assert(
      fc.property(situation, ({ world, principal, request }) => {
        compare(world, principal, request, OFFERED);
        compareUnscoped(world, principal, request.external);
      }),
      { numRuns: 2000 },
    );
  });
});

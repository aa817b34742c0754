import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ObjectPermission } from '../../src/auth/object-permission.js';
import type { GrantLevel, LevelKind, Principal } from '../../src/auth/principal.js';
import type { AccessDecision } from '../../src/permissions/access-decision.js';
import type { AccessRequest } from '../../src/permissions/access-request.js';
import { decide } from '../../src/permissions/evaluator.js';
import { permission, requestFor } from './policy-fixtures.js';
import { LEVEL_KINDS, OFFERED, pathScope, situation } from './random-worlds.js';
import { modelDecide, type ModelAnswer } from './reference-model.js';

const RUNS = { numRuns: 2000 };
const aKind = fc.constantFrom(...LEVEL_KINDS);

describe('the evaluator, on random worlds', () => {
  it('decides what the pseudo-code of the specification decides', () => {
    fc.assert(
      fc.property(situation, ({ world, principal, request }) => {
        expect(answerOf(decide(world, principal, request))).toEqual(modelDecide(world, principal, request, OFFERED));
      }),
      { numRuns: 3000 },
    );
  });

  it('lists exactly what it lets be called', () => {
    fc.assert(
      fc.property(situation, ({ world, principal, request }) => {
        const listed = answerOf(decide(world, principal, request));
        for (const { id } of world.registry.servers) {
          for (const tool of OFFERED) {
            // A decision of its own for every call, asked for nothing else.
            const called = decide(world, principal, request);
            const isCallable = called.granted && called.servers.get(id)?.allowsTool(tool) === true;
            expect([id, tool, isCallable]).toEqual([id, tool, listed.tools[id]?.includes(tool) ?? false]);
          }
        }
      }),
      RUNS,
    );
  });

  it('allows a tool in a scope exactly when it allows it without one', () => {
    fc.assert(
      fc.property(situation, pathScope, ({ world, principal, request }, scope) => {
        const everything = answerOf(decide(world, principal, unscoped(request)));
        const scoped = answerOf(decide(world, principal, { ...request, scope, serversHeader: null }));
        const toolset = scope.kind === 'toolset' ? world.toolsets.byName(scope.name) : undefined;
        for (const [id, tools] of Object.entries(scoped.tools)) {
          const inToolset = (tool: string): boolean => toolset?.tools.get(id)?.has(tool) ?? scope.kind !== 'toolset';
          expect(tools).toEqual(everything.tools[id]?.filter(inToolset));
        }
      }),
      RUNS,
    );
  });

  it('answers the same at the second question', () => {
    fc.assert(
      fc.property(situation, ({ world, principal, request }) => {
        const decision = decide(world, principal, request);
        expect(answerOf(decision)).toEqual(answerOf(decision));
      }),
      RUNS,
    );
  });

  it('never gives more when a level is narrowed', () => {
    fc.assert(
      fc.property(situation, aKind, fc.infiniteStream(fc.boolean()), ({ world, principal, request }, kind, keeps) => {
        const keep = (): boolean => keeps.next().value;
        const narrowed = withLevel(principal, kind, (level) => narrow(level, keep));
        const before = answerOf(decide(world, principal, unscoped(request)));
        const after = answerOf(decide(world, narrowed, unscoped(request)));
        for (const [id, tools] of Object.entries(after.tools))
          expect(before.tools[id]).toEqual(expect.arrayContaining([...tools]));
      }),
      RUNS,
    );
  });

  it('never allows what any level blocks, however the entry is spelled', () => {
    const spelling = fc.constantFrom('send', 'SEND', 'Send', '\uff33\uff25\uff2e\uff24', '*');
    fc.assert(
      fc.property(situation, aKind, spelling, ({ world, principal, request }, kind, entry) => {
        const blocked_tools = [entry];
        const blocking = withLevel(principal, kind, (level) => ({
          ...level,
          objectPermission: { ...(level.objectPermission ?? permission({})), blocked_tools },
        }));
        expect(Object.values(answerOf(decide(world, blocking, request)).tools).flat()).not.toContain('send');
      }),
      RUNS,
    );
  });

  it('gives nothing when any level says no-mcp-servers', () => {
    fc.assert(
      fc.property(situation, aKind, ({ world, principal, request }, kind) => {
        const closed = withLevel(principal, kind, (level) => {
          const objectPermission = level.objectPermission ?? permission({});
          const mcp_servers = [...(objectPermission.mcp_servers ?? []), 'no-mcp-servers'];
          return { ...level, objectPermission: { ...objectPermission, mcp_servers } };
        });
        expect(answerOf(decide(world, closed, request)).tools).toEqual({});
      }),
      RUNS,
    );
  });

  it('does not depend on the order of levels and entries', () => {
    fc.assert(
      fc.property(situation, ({ world, principal, request }) => {
        const levels = principal.levels.map((level) => ({
          ...level,
          objectPermission: reversed(level.objectPermission),
        }));
        const turned = { ...principal, levels: levels.reverse() };
        expect(answerOf(decide(world, turned, request))).toEqual(answerOf(decide(world, principal, request)));
      }),
      RUNS,
    );
  });
});

function answerOf(decision: AccessDecision): ModelAnswer {
  if (!decision.granted) return { refused: decision.code, tools: {} };
  const tools = [...decision.servers].map(
    ([id, access]) => [id, OFFERED.filter((tool) => access.allowsTool(tool))] as const,
  );
  return { refused: null, tools: Object.fromEntries(tools) };
}

function unscoped(request: AccessRequest): AccessRequest {
  return requestFor({ kind: 'all' }, { external: request.external });
}

function withLevel(principal: Principal, kind: LevelKind, change: (level: GrantLevel) => GrantLevel): Principal {
  const silent: GrantLevel = { kind, id: kind, objectPermission: null, accessGroupIds: [], closed: false };
  const present = principal.levels.find((level) => level.kind === kind) ?? silent;
  const others = principal.levels.filter((level) => level.kind !== kind);
  return { ...principal, levels: [change(present), ...others] };
}

/**
 * Takes some servers, groups and tools away, as a write does: the level keeps speaking. Tool lists and toolsets stay
 * in place, because a list that goes takes its limit with it.
 */
function narrow(level: GrantLevel, keep: () => boolean): GrantLevel {
  const { objectPermission } = level;
  if (objectPermission === null) return { ...level, closed: true };
  const lists = Object.entries(objectPermission.mcp_tool_permissions ?? {});
  return {
    ...level,
    closed: true,
    accessGroupIds: level.accessGroupIds.filter(keep),
    objectPermission: {
      ...objectPermission,
      mcp_servers: objectPermission.mcp_servers?.filter((entry) => entry === 'no-mcp-servers' || keep()) ?? null,
      mcp_access_groups: objectPermission.mcp_access_groups?.filter(keep) ?? null,
      mcp_tool_permissions: Object.fromEntries(lists.map(([server, tools]) => [server, tools?.filter(keep) ?? null])),
    },
  };
}

function reversed(stored: ObjectPermission | null): ObjectPermission | null {
  if (stored === null) return null;
  const back = (list: readonly string[] | null): string[] | null => list?.toReversed() ?? null;
  return {
    mcp_servers: back(stored.mcp_servers),
    mcp_access_groups: back(stored.mcp_access_groups),
    mcp_tool_permissions: Object.fromEntries(
      Object.entries(stored.mcp_tool_permissions ?? {})
        .toReversed()
        .map(([server, tools]) => [server, back(tools)]),
    ),
    mcp_toolsets: back(stored.mcp_toolsets),
    blocked_tools: back(stored.blocked_tools),
  };
}

import { Injectable } from '@nestjs/common';
import { GrantReach, type GrantExcess, type KeyGrants } from '../auth/grant-reach.js';
import { hasAdminView, type GrantLevel, type Principal } from '../auth/principal.js';
import { ToolsetDirectory } from '../toolsets/toolset-directory.js';
import { ToolsetHolders } from '../toolsets/toolset-ports.js';
import { excessOf } from './grant-excess.js';
import { LevelGrants } from './grants.js';
import { PolicyService } from './policy.service.js';
import type { PolicyWorld } from './policy-world.js';

/** Answers what grants mean when they are assigned: by the code that decides calls. */
@Injectable()
export class PolicyGrantReach extends GrantReach {
  constructor(
    private readonly policy: PolicyService,
    private readonly toolsets: ToolsetDirectory,
    private readonly holders: ToolsetHolders,
  ) {
    super();
  }

  openServers(): ReadonlySet<string> {
    const open = this.policy.world().registry.servers.filter((server) => server.allowAllKeys);
    return new Set(open.map((server) => server.id));
  }

  serversOf(team: GrantLevel): ReadonlySet<string> {
    const world = this.policy.world();
    const level = new LevelGrants(world, team, null);
    return new Set(world.registry.servers.filter((server) => level.grants(server)).map((server) => server.id));
  }

  excess(child: KeyGrants, parent: KeyGrants): GrantExcess {
    const world = this.policy.world();
    return excessOf(world.registry.servers, resolved(world, child), resolved(world, parent));
  }

  visibleServers(caller: Principal): ReadonlySet<string> {
    if (hasAdminView(caller)) return new Set(this.policy.world().registry.byId.keys());
    // Nothing is known here of where the caller is, so it sees what it would see from outside.
    const request = { route: '/mcp', scope: { kind: 'all' }, serversHeader: null, external: true } as const;
    const decision = this.policy.access(caller, request);
    return new Set(decision.granted ? decision.servers.keys() : []);
  }

  toolsetsToGive(caller: Principal, servers: ReadonlySet<string>): ReadonlySet<string> {
    const held = this.holders.heldBy(caller);
    const toGive = [...this.toolsets.all()].filter(
      ({ id, tools }) => held.has(id) || (tools.size > 0 && [...tools.keys()].every((server) => servers.has(server))),
    );
    return new Set(toGive.map(({ id }) => id));
  }

  toolsetNames(ids: Iterable<string>): string[] {
    return [...ids].flatMap((id) => this.toolsets.byId(id)?.name ?? []);
  }

  namesOf(ids: Iterable<string>): ReadonlyMap<string, string> {
    const { byId } = this.policy.world().registry;
    const named = [...ids].map((id) => [id, byId.get(id)] as const);
    return new Map(
      named.flatMap(([id, server]) => (server === undefined ? [] : [[id, server.alias ?? server.name ?? id]])),
    );
  }
}

function resolved(world: PolicyWorld, { key, team }: KeyGrants): LevelGrants {
  return new LevelGrants(world, key, team === null ? null : new LevelGrants(world, team, null));
}

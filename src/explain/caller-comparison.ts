import type { RecordedCalls } from '../audit/audit-reader.js';
import type { Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { argumentConditions, canRefuseMore, type ArgumentConditions } from '../permissions/argument-conditions.js';
import { clientAddress } from '../permissions/ip-visibility.js';
import type { PolicyWorld } from '../permissions/policy-world.js';
import { accessAt, beyond, isAllowed, wholeAccess, type ServerTools, type ToolsOf } from './access-difference.js';
import { joinPlaces, type PlacedTools } from './placed-tools.js';

/** What a draft changes for one caller. */
export interface CallerChange {
  readonly lost: readonly PlacedTools[];
  readonly gained: readonly PlacedTools[];
  /** Tools that are allowed before and after, but not with the same arguments. */
  readonly undecidable: readonly PlacedTools[];
}

/**
 * What would have become of recorded calls. `same`: what is allowed now is not refused. The last two: it cannot be told,
 * since it depends on what records do not hold.
 */
export type ReplayedCalls = 'same' | 'refused' | 'arguments_not_recorded' | 'path_not_recorded';

/** A caller in a world; null: nobody is let in. */
export interface Standing {
  readonly world: PolicyWorld;
  readonly principal: Principal | null;
}

/** Compares what a caller may do before and after a draft. */
export class CallerComparison {
  private readonly decisions = new Map<string, GrantedAccess | null>();

  /** @param seesAddresses servers are hidden from clients outside, before or after */
  constructor(
    private readonly before: Standing,
    private readonly after: Standing,
    private readonly seesAddresses: boolean,
  ) {}

  /** Every server that the caller may use before or after, as it is now: a drafted one has no tools of its own. */
  servers(): McpServer[] {
    const accesses = [this.whole(this.before, false), this.whole(this.after, false)];
    const ids = new Set(accesses.flatMap((access) => [...(access?.servers.keys() ?? [])]));
    return this.before.world.registry.servers.filter(({ id }) => ids.has(id));
  }

  change(toolsOf: ToolsOf): CallerChange {
    const placed = (differences: (external: boolean) => ServerTools[]): PlacedTools[] => {
      const inside = differences(false);
      return joinPlaces(inside, this.seesAddresses ? differences(true) : inside);
    };
    const { before, after } = this;
    return {
      lost: placed((external) => beyond(this.whole(before, external), this.whole(after, external), toolsOf)),
      gained: placed((external) => beyond(this.whole(after, external), this.whole(before, external), toolsOf)),
      undecidable: placed((external) => this.otherArguments(external, toolsOf)),
    };
  }

  /** What would have become of calls that succeed now. */
  replay(calls: RecordedCalls): ReplayedCalls {
    const [before, after] = [this.at(this.before, calls), this.at(this.after, calls)];
    const { serverId, tool, path } = calls;
    if (!isAllowed(before, serverId, tool)) return 'same';
    if (!isAllowed(after, serverId, tool)) return 'refused';
    if (path === null && this.hasOtherRoutes()) return 'path_not_recorded';
    const conditions = this.conditions(before, after, { serverId, tool });
    return conditions !== null && canRefuseMore(...conditions) ? 'arguments_not_recorded' : 'same';
  }

  private otherArguments(external: boolean, toolsOf: ToolsOf): ServerTools[] {
    const [before, after] = [this.whole(this.before, external), this.whole(this.after, external)];
    const differs = (serverId: string, tool: string): boolean => {
      const conditions = this.conditions(before, after, { serverId, tool });
      if (conditions === null) return false;
      const [earlier, later] = conditions;
      return canRefuseMore(earlier, later) || canRefuseMore(later, earlier);
    };
    return [...(before?.servers.values() ?? [])].flatMap(({ server }) => {
      const tools = toolsOf(server).filter((tool) => differs(server.id, tool));
      return tools.length === 0 ? [] : [{ server, tools }];
    });
  }

  /** What is asked about the arguments of a tool; null: it is not allowed both before and after. */
  private conditions(
    before: GrantedAccess | null,
    after: GrantedAccess | null,
    { serverId, tool }: Pick<RecordedCalls, 'serverId' | 'tool'>,
  ): [earlier: ArgumentConditions, later: ArgumentConditions] | null {
    const [earlier, later] = [before?.servers.get(serverId), after?.servers.get(serverId)];
    const [caller, drafted] = [this.before.principal, this.after.principal];
    if (caller === null || drafted === null || !earlier?.allowsTool(tool) || !later?.allowsTool(tool)) return null;
    return [argumentConditions(earlier, caller, tool), argumentConditions(later, drafted, tool)];
  }

  private hasOtherRoutes(): boolean {
    const [before, after] = [this.before.principal, this.after.principal];
    return before?.allowedRoutes.join('\n') !== after?.allowedRoutes.join('\n');
  }

  private at(standing: Standing, { path, sourceAddress }: RecordedCalls): GrantedAccess | null {
    const external = this.seesAddresses && clientAddress(sourceAddress, null, []).external;
    return path === null
      ? this.whole(standing, external)
      : this.decided(standing, `${external} ${path}`, (principal) =>
          accessAt(standing.world, principal, path, external),
        );
  }

  private whole(standing: Standing, external: boolean): GrantedAccess | null {
    return this.decided(standing, `${external}`, (principal) => wholeAccess(standing.world, principal, external));
  }

  private decided(
    standing: Standing,
    name: string,
    decide: (principal: Principal) => GrantedAccess | null,
  ): GrantedAccess | null {
    const key = `${standing === this.before ? 'before' : 'after'} ${name}`;
    let access = this.decisions.get(key);
    if (access === undefined) {
      access = standing.principal === null ? null : decide(standing.principal);
      this.decisions.set(key, access);
    }
    return access;
  }
}

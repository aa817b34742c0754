import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GatehouseError } from '../common/gatehouse-error.js';
import {
  describeOffences,
  isReference,
  offencesAgainst,
  offencesOf,
  type AssignedGrants,
  type Offence,
} from './assignment.js';
import { GrantReach } from './grant-reach.js';
import { KeyDirectory } from './key-directory.js';
import type { KeyFieldsDto } from './key.dto.js';
import type { VirtualKeyEntity } from './key.entity.js';
import { knownKeyOf } from './known-key.js';
import { LevelDirectory } from './levels/level-directory.js';
import { isAdmin, type GrantLevel, type Principal } from './principal.js';
import { ServerReferences } from './server-references.js';
import { ToolsetReferences } from './toolset-references.js';

/** What a caller can name in grants. */
export interface NamedByCaller {
  readonly servers: ServerReferences;
  readonly toolsets: ToolsetReferences;
}

/** What is written to the grants of a key. */
export interface GrantWrite {
  readonly body: KeyFieldsDto;
  /** The key with the grants that it has already and that count as well; null: only what is written does. */
  readonly stored: VirtualKeyEntity | null;
  /** Of the key; null: it is in no team. */
  readonly team: GrantLevel | null;
  /** From {@link KeyAssignment.referencesFor}. */
  readonly references: NamedByCaller;
}

/** Holds what is given to keys within what the team of the key and its giver have. */
@Injectable()
export class KeyAssignment {
  constructor(
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
    private readonly servers: ServerReferences,
    private readonly toolsets: ToolsetReferences,
    private readonly reach: GrantReach,
  ) {}

  /** What a caller can name. For anybody but an admin the rest is as good as not there. */
  referencesFor(caller: Principal, team: GrantLevel | null): NamedByCaller {
    const { servers, toolsets } = this;
    if (isAdmin(caller)) return { servers, toolsets };
    const ofTeam = team === null ? [] : this.reach.serversOf(team);
    const toGive = this.reach.toolsetsToGive(caller, new Set([...ofTeam, ...this.reach.openServers()]));
    const given = new Set([...toGive, ...(team?.objectPermission?.mcp_toolsets ?? [])]);
    return { servers: knownOf(servers, this.knownTo(caller, team)), toolsets: knownOf(toolsets, given) };
  }

  /**
   * Checks grants that are written to a key.
   * @throws GatehouseError `forbidden`, naming what cannot be given and what could be, as far as the caller may know
   */
  async checkGrants(write: GrantWrite, caller: Principal, manager: EntityManager): Promise<void> {
    const { team } = write;
    const offences = offencesOf({
      grants: await assignedGrants(write, manager),
      team: team === null ? null : { level: team, servers: this.reach.serversOf(team) },
      byAdmin: isAdmin(caller),
      open: this.reach.openServers(),
    });
    if (offences.length === 0) return;
    const names = this.reach.namesOf(this.knownTo(caller, team));
    refuse(offences.map((offence) => this.toldByName(offence, names)));
  }

  /**
   * Checks that a key allows no more than the one that its maker calls with.
   * @throws GatehouseError `forbidden`
   */
  checkBounds(key: VirtualKeyEntity, team: GrantLevel | null, caller: Principal): void {
    if (caller.keyHash === null || isAdmin(caller)) return;
    const own = this.keys.find(caller.keyHash);
    if (own === undefined) throw new GatehouseError('forbidden', 'The calling key is no longer there.');
    const made = knownKeyOf(key);
    const ownTeam = own.teamId === null ? null : (this.levels.find('team', own.teamId)?.level ?? null);
    const excess = this.reach.excess({ key: made.level, team }, { key: own.level, team: ownTeam });
    const names = this.reach.namesOf(this.knownTo(caller, team));
    const named = (ids: readonly string[]): string[] => ids.map((id) => names.get(id) ?? id);
    refuse(offencesAgainst(made, own, { ...excess, servers: named(excess.servers), tools: named(excess.tools) }));
  }

  /** Ids of the servers that a caller may know of when it writes a key of this team, which it then belongs to. */
  private knownTo(caller: Principal, team: GrantLevel | null): ReadonlySet<string> {
    const ofTeam = team === null ? [] : this.reach.serversOf(team);
    return new Set([...this.reach.visibleServers(caller), ...this.reach.openServers(), ...ofTeam]);
  }

  private toldByName(offence: Offence, servers: ReadonlyMap<string, string>): Offence {
    const { what, possible } = offence;
    if (what === 'servers') return { ...offence, possible: (possible ?? []).flatMap((id) => servers.get(id) ?? []) };
    return what === 'toolsets' ? { ...offence, possible: this.reach.toolsetNames(possible ?? []) } : offence;
  }
}

/** Finds some only. */
function knownOf(all: ServerReferences | ToolsetReferences, known: ReadonlySet<string>): ServerReferences {
  return {
    async resolve(references, manager) {
      const found = await all.resolve(references, manager);
      return new Map([...found].filter(([, id]) => known.has(id)));
    },
  };
}

/** The grants by the names of the request, since a name that is not there is not stored. */
async function assignedGrants(
  { body, stored, references: named }: GrantWrite,
  manager: EntityManager,
): Promise<AssignedGrants> {
  const written = body.object_permission;
  const before = stored?.object_permission;
  const entries = written?.mcp_servers ?? before?.mcp_servers ?? [];
  const tools = Object.entries(written?.mcp_tool_permissions ?? before?.mcp_tool_permissions ?? {});
  const limited = tools.filter(([, list]) => list !== null).map(([reference]) => reference);
  const references = [...new Set([...entries.filter(isReference), ...limited])];
  const toolsets = written?.mcp_toolsets ?? before?.mcp_toolsets ?? [];
  return {
    servers: await idsOf(references, named.servers, manager),
    special: entries.filter((value) => !isReference(value)),
    accessGroups: written?.mcp_access_groups ?? before?.mcp_access_groups ?? [],
    toolsets: await idsOf(toolsets, named.toolsets, manager),
    unifiedGroups: body.access_group_ids ?? stored?.access_group_ids ?? [],
  };
}

async function idsOf(
  names: readonly string[],
  references: ServerReferences | ToolsetReferences,
  manager: EntityManager,
): Promise<ReadonlyMap<string, string | undefined>> {
  const ids = names.length === 0 ? new Map<string, string>() : await references.resolve(names, manager);
  return new Map(names.map((name) => [name, ids.get(name)]));
}

function refuse(offences: readonly Offence[]): void {
  if (offences.length > 0) throw new GatehouseError('forbidden', describeOffences(offences));
}

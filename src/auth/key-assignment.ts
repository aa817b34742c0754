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

/** What is written to the grants of a key. */
export interface GrantWrite {
  readonly body: KeyFieldsDto;
  /** The key with the grants that it has already and that count as well; null: only what is written does. */
  readonly stored: VirtualKeyEntity | null;
  /** Of the key; null: it is in no team. */
  readonly team: GrantLevel | null;
  /** From {@link KeyAssignment.referencesFor}. */
  readonly servers: ServerReferences;
}

/** Holds what is given to keys within what the team of the key and its giver have. */
@Injectable()
export class KeyAssignment {
  constructor(
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
    private readonly servers: ServerReferences,
    private readonly reach: GrantReach,
  ) {}

  /** The servers that a caller can name. For anybody but an admin the other ones are as good as not there. */
  referencesFor(caller: Principal, team: GrantLevel | null): ServerReferences {
    return isAdmin(caller) ? this.servers : new KnownReferences(this.servers, this.knownTo(caller, team));
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
    refuse(offences.map((offence) => (offence.what === 'servers' ? toldByName(offence, names) : offence)));
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
}

/** Finds some servers only. */
class KnownReferences extends ServerReferences {
  constructor(
    private readonly all: ServerReferences,
    private readonly known: ReadonlySet<string>,
  ) {
    super();
  }

  async resolve(references: readonly string[], manager: EntityManager): Promise<ReadonlyMap<string, string>> {
    const found = await this.all.resolve(references, manager);
    return new Map([...found].filter(([, id]) => this.known.has(id)));
  }
}

/** The grants by the names of the request, since a name that is not there is not stored. */
async function assignedGrants({ body, stored, servers }: GrantWrite, manager: EntityManager): Promise<AssignedGrants> {
  const written = body.object_permission;
  const before = stored?.object_permission;
  const named = written?.mcp_servers ?? before?.mcp_servers ?? [];
  const tools = Object.entries(written?.mcp_tool_permissions ?? before?.mcp_tool_permissions ?? {});
  const limited = tools.filter(([, list]) => list !== null).map(([reference]) => reference);
  const references = [...new Set([...named.filter(isReference), ...limited])];
  const ids = references.length === 0 ? new Map<string, string>() : await servers.resolve(references, manager);
  return {
    servers: new Map(references.map((reference) => [reference, ids.get(reference)])),
    special: named.filter((value) => !isReference(value)),
    accessGroups: written?.mcp_access_groups ?? before?.mcp_access_groups ?? [],
    toolsets: written?.mcp_toolsets ?? before?.mcp_toolsets ?? [],
    unifiedGroups: body.access_group_ids ?? stored?.access_group_ids ?? [],
  };
}

function toldByName(offence: Offence, names: ReadonlyMap<string, string>): Offence {
  return { ...offence, possible: (offence.possible ?? []).flatMap((id) => names.get(id) ?? []) };
}

function refuse(offences: readonly Offence[]): void {
  if (offences.length > 0) throw new GatehouseError('forbidden', describeOffences(offences));
}

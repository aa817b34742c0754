import { isDeepStrictEqual } from 'node:util';
import { routesBeyond } from './allowed-routes.js';
import type { GrantExcess } from './grant-reach.js';
import type { KnownKey } from './known-key.js';
import { limitsBeyond } from './limit-excess.js';
import {
  ALL_PROXY_MCP_SERVERS,
  ALL_TEAM_MCP_SERVERS,
  NO_MCP_SERVERS,
  SPECIAL_SERVER_VALUES,
  type ObjectPermission,
} from './object-permission.js';
import type { GrantLevel } from './principal.js';

/** Names that are shown in one message. */
const MAX_NAMES = 20;

/** What a key is to be given, by the names that the request uses. */
export interface AssignedGrants {
  /** Name to server id; undefined: the name of no server. */
  readonly servers: ReadonlyMap<string, string | undefined>;
  /** Values of `mcp_servers` that are no references. */
  readonly special: readonly string[];
  readonly accessGroups: readonly string[];
  /** Name to id; undefined: the name of no toolset. */
  readonly toolsets: ReadonlyMap<string, string | undefined>;
  readonly unifiedGroups: readonly string[];
}

/** What the team of a key has. */
export interface TeamGrants {
  readonly level: GrantLevel;
  readonly servers: ReadonlySet<string>;
}

/** Who is given what by whom. */
export interface Assignment {
  readonly grants: AssignedGrants;
  /** The team that the key will be in. */
  readonly team: TeamGrants | null;
  readonly byAdmin: boolean;
  /** Ids of the servers that are open to every caller. */
  readonly open: ReadonlySet<string>;
}

/** One kind of thing of which some cannot be given. */
export interface Offence {
  readonly what: string;
  readonly refused: readonly string[];
  /** What could be given: for servers and toolsets their ids, else names; null: not told. */
  readonly possible: readonly string[] | null;
}

/**
 * The rules by which grants are given to a key. They are stricter than the rules by which a key is used: a team that
 * says nothing lets its keys be given the open servers only. An admin may name what is not there, for it grants
 * nothing; anybody else is told of it no more than of what belongs to others.
 */
export function offencesOf({ grants, team, byAdmin, open }: Assignment): Offence[] {
  if (team === null && byAdmin) return [];
  const servers = new Set([...(team?.servers ?? []), ...open]);
  const permission = team?.level.objectPermission ?? null;
  const offences = [
    serverOffence(grants, { servers, specials: specialsOf(permission), byAdmin }),
    offence('access groups', grants.accessGroups, permission?.mcp_access_groups ?? []),
    offence('unified access groups', grants.unifiedGroups, team?.level.accessGroupIds ?? []),
    toolsetOffence(grants, team, byAdmin),
  ];
  return offences.filter(({ refused }) => refused.length > 0);
}

function serverOffence(
  { servers, special }: AssignedGrants,
  allowed: { servers: ReadonlySet<string>; specials: readonly string[]; byAdmin: boolean },
): Offence {
  const refused = [...servers].filter(([, id]) => (id === undefined ? !allowed.byAdmin : !allowed.servers.has(id)));
  const refusedSpecials = special.filter((value) => !allowed.specials.includes(value));
  return {
    what: 'servers',
    refused: [...refused.map(([name]) => name), ...refusedSpecials],
    possible: [...allowed.servers],
  };
}

/** Saying no, and "what my team has", give nothing that is not the team's. */
function specialsOf(team: ObjectPermission | null): string[] {
  const everything = team?.mcp_servers?.includes(ALL_PROXY_MCP_SERVERS) === true ? [ALL_PROXY_MCP_SERVERS] : [];
  return [NO_MCP_SERVERS, ALL_TEAM_MCP_SERVERS, ...everything];
}

/** A team without a list of toolsets sets no bound to them, but nobody gives what is not theirs. */
function toolsetOffence({ toolsets }: AssignedGrants, team: TeamGrants | null, byAdmin: boolean): Offence {
  const list = team?.level.objectPermission?.mcp_toolsets ?? [];
  const bound = team === null || list.length > 0 ? new Set(list) : null;
  const refused = [...toolsets].filter(([, id]) =>
    id === undefined ? bound !== null || !byAdmin : bound?.has(id) === false,
  );
  return { what: 'toolsets', refused: refused.map(([name]) => name), possible: list };
}

function offence(what: string, named: readonly string[], possible: readonly string[]): Offence {
  return { what, refused: named.filter((name) => !possible.includes(name)), possible };
}

/**
 * What a key would allow beyond the key that its maker calls with.
 * @param excess of its grants, with the names of servers in place of ids
 */
export function offencesAgainst(made: KnownKey, maker: KnownKey, excess: GrantExcess): Offence[] {
  const rules = made.level.argumentRules ?? [];
  const lostRules = (maker.level.argumentRules ?? []).filter(
    (rule) => !rules.some((own) => isDeepStrictEqual(own, rule)),
  );
  const lostGuardrails = maker.guardrails.filter((name) => !made.guardrails.includes(name));
  const silent = excess.silent ? ['everything that a key without object_permission may use'] : [];
  const offences: Offence[] = [
    { what: 'servers', refused: [...excess.servers, ...silent], possible: null },
    { what: 'further tools of', refused: excess.tools, possible: null },
    {
      what: 'allowed_routes',
      refused: routesBeyond(made.allowedRoutes, maker.allowedRoutes),
      possible: maker.allowedRoutes,
    },
    withoutOffence('blocked_tools', excess.unblocked),
    withoutOffence('mcp_servers', excess.reopened ? [NO_MCP_SERVERS] : []),
    withoutOffence(
      'argument_rules for',
      lostRules.map(({ tool }) => tool),
    ),
    withoutOffence('guardrails', lostGuardrails),
    withoutOffence('limits of the calling key', limitsBeyond(made, maker)),
  ];
  return offences.filter(({ refused }) => refused.length > 0);
}

function withoutOffence(what: string, lost: readonly string[]): Offence {
  return { what: `rights without the ${what}`, refused: lost, possible: null };
}

/** One sentence for each offence. */
export function describeOffences(offences: readonly Offence[]): string {
  return offences
    .map(({ what, refused, possible }) => {
      const told = possible === null ? '' : ` Possible: ${possible.length === 0 ? 'none' : quoted(possible)}.`;
      return `The key cannot be given these ${what}: ${quoted(refused)}.${told}`;
    })
    .join(' ');
}

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => JSON.stringify(name));
  return names.length > MAX_NAMES ? `${shown.join(', ')} and ${names.length - MAX_NAMES} more` : shown.join(', ');
}

/** Is the value of `mcp_servers` a reference to a server? */
export function isReference(value: string): boolean {
  return !SPECIAL_SERVER_VALUES.includes(value);
}

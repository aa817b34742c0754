import type { McpServer } from '../mcp-server.js';
import { toServer } from '../mcp-server.codec.js';
import type { ServerDetails } from '../server-details.js';
import { normalizeName } from '../server-names.js';

/** A server of gateway.yaml that is in force. */
export interface ConfiguredEntry {
  readonly server: McpServer;
  readonly details: ServerDetails;
}

/** Which servers of gateway.yaml come to the stored ones. */
interface Configured {
  readonly entries: ReadonlyMap<string, ConfiguredEntry>;
  /** Ids of those that a stored server has the id or a name of. */
  readonly leftOut: readonly string[];
}

/**
 * Chooses the servers of gateway.yaml that do not meet a stored one: that one was there first, and two servers with one
 * name would make it a matter of luck which of them a grant means.
 * @param present those in force until now: an unchanged one keeps its object
 */
export function withConfigured(
  servers: readonly ServerDetails[],
  present: ReadonlyMap<string, ConfiguredEntry>,
  stored: Iterable<{ readonly server: McpServer }>,
): Configured {
  const entries = new Map<string, ConfiguredEntry>();
  if (servers.length === 0) return { entries, leftOut: [] };
  const taken = new Set([...stored].flatMap(({ server }) => namesOf(server.id, server.name, server.alias)));
  const leftOut: string[] = [];
  for (const details of servers) {
    const { server_id: id, server_name: name, alias } = details;
    const known = present.get(id);
    if (namesOf(id, name, alias).some((own) => taken.has(own))) leftOut.push(id);
    else entries.set(id, known?.details === details ? known : { details, server: toServer(details) });
  }
  return { entries, leftOut };
}

function namesOf(...names: readonly (string | null)[]): string[] {
  return names.flatMap((name) => (name === null ? [] : [normalizeName(name)]));
}

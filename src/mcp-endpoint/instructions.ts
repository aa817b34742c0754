import type { GrantedAccess } from '../permissions/access-decision.js';

/**
 * What the servers in scope want a model to know: the text itself for one server, a section per server for several.
 * undefined when none says anything.
 */
export function instructionsFor(access: GrantedAccess): string | undefined {
  if (access.single !== null) return access.single.server.instructions ?? undefined;
  const sections: string[] = [];
  for (const { server } of access.servers.values()) {
    if (server.instructions !== null) sections.push(`[${server.prefix}]\n${server.instructions}`);
  }
  return sections.length === 0 ? undefined : sections.join('\n\n---\n\n');
}

import { fold } from '../common/fold.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';

/** Entry of an allow list of a level, or of a deny list, that stands for every tool. */
export const EVERY_TOOL = '*';

/**
 * All names by which lists can mean a tool: its own, and the one prefixed with alias, name or id of its server.
 * Names are composed and compared as wholes. Taking an entry apart at the separator would let a tool of one server
 * be read as a tool of another.
 */
export function spellingsOf(
  server: Pick<McpServer, 'id' | 'name' | 'alias'>,
  tool: string,
  separator: string,
): string[] {
  const spellings = [tool];
  for (const owner of [server.alias, server.name, server.id]) {
    if (owner !== null) spellings.push(`${owner}${separator}${tool}`);
  }
  return spellings;
}

/** Allow lists compare exactly: a wrong case must not open anything. */
export function hitsAllowList(entries: ReadonlySet<string>, spellings: readonly string[]): boolean {
  return spellings.some((spelling) => entries.has(spelling));
}

/** Deny lists compare after case folding: a wrong case must not leave anything open. Entries are already folded. */
export function hitsDenyList(foldedEntries: ReadonlySet<string>, spellings: readonly string[]): boolean {
  if (foldedEntries.size === 0) return false;
  return foldedEntries.has(EVERY_TOOL) || spellings.some((spelling) => foldedEntries.has(fold(spelling)));
}

/** Prepares a deny list for {@link hitsDenyList}. */
export function foldEntries(entries: Iterable<string>): ReadonlySet<string> {
  const folded = new Set<string>();
  for (const entry of entries) folded.add(fold(entry));
  return folded;
}

import type { ListedTool, ServerStatuses } from '../catalog/catalog.types.js';
import { isJsonObject, type JsonObject } from '../common/json.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';

/** Member of `_meta` that tells how fresh each server's part of an aggregate list is. */
export const SERVERS_META_KEY = 'gatehouse/servers';

/** What a list shows of a tool. */
export type ToolRow = Pick<ListedTool, 'publicName' | 'tool'>;

/** JSON of single tools by definition and public name, so that a long list costs one pass over ready texts. */
type ToolTexts = WeakMap<ToolDefinition, Map<string, string>>;

const statelessTexts: ToolTexts = new WeakMap();
const sessionTexts: ToolTexts = new WeakMap();

/** The `tools` array of a list for 2026 clients: the upstream's definitions under their public names. */
export function statelessToolsJson(rows: readonly ToolRow[]): string {
  return arrayOf(rows, statelessTexts, (tool) => tool);
}

/** The same for 2025 clients. */
export function sessionToolsJson(rows: readonly ToolRow[]): string {
  return arrayOf(rows, sessionTexts, forSessionEra);
}

/** What a tool is asked for by. */
export const nameOfRow = ({ publicName }: ToolRow): string => publicName;

/** The member of a list that names its next page, to be put into JSON text after another member. */
export function nextCursorJson(cursor: string | undefined): string {
  return cursor === undefined ? '' : `,"nextCursor":${JSON.stringify(cursor)}`;
}

/** `_meta` of a list; null on doors of a single server, which have nothing to tell apart. */
export function serversMeta(listing: { readonly servers: ServerStatuses }, single: boolean): JsonObject | null {
  return single ? null : { [SERVERS_META_KEY]: { ...listing.servers } };
}

/**
 * The session revisions know output schemas of type object only, and a client that checks them drops the whole list
 * for one other schema.
 */
function forSessionEra(tool: ToolDefinition): ToolDefinition {
  if (tool.outputSchema === undefined || (isJsonObject(tool.outputSchema) && tool.outputSchema.type === 'object')) {
    return tool;
  }
  const { outputSchema: _unsupported, ...rest } = tool;
  return { ...rest, name: tool.name, inputSchema: tool.inputSchema };
}

function arrayOf(rows: readonly ToolRow[], texts: ToolTexts, adapt: (tool: ToolDefinition) => ToolDefinition): string {
  return `[${rows.map((row) => textOf(row, texts, adapt)).join(',')}]`;
}

function textOf(
  { tool, publicName }: ToolRow,
  texts: ToolTexts,
  adapt: (tool: ToolDefinition) => ToolDefinition,
): string {
  let byName = texts.get(tool);
  if (byName === undefined) {
    byName = new Map();
    texts.set(tool, byName);
  }
  let text = byName.get(publicName);
  if (text === undefined) {
    text = JSON.stringify({ ...adapt(tool), name: publicName });
    byName.set(publicName, text);
  }
  return text;
}

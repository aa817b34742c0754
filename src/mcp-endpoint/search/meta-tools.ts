import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';

/** Tools that `search_tools` answers when the call says nothing of it, and at most. */
export const DEFAULT_FOUND = 5;
export const MAX_FOUND = 20;

/** Names of the tools that stand for all others in search mode. */
export type MetaToolName = 'search_tools' | 'get_tool_schema' | 'call_tool';

const NAME = { type: 'string', description: 'Name of the tool, exactly as search_tools gives it' };
const READING = { readOnlyHint: true, openWorldHint: false };

const DEFINITIONS: readonly (ToolDefinition & { readonly name: MetaToolName })[] = [
  {
    name: 'search_tools',
    description:
      'Finds tools by what they do. Many more tools are available than are listed here: search before you say that ' +
      'something cannot be done.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What the tool should do, in a few words' },
        limit: { type: 'integer', minimum: 1, maximum: MAX_FOUND, default: DEFAULT_FOUND },
      },
      required: ['query'],
      additionalProperties: false,
    },
    annotations: READING,
  },
  {
    name: 'get_tool_schema',
    description: 'Gives the definition of a tool with the schema of its arguments.',
    inputSchema: { type: 'object', properties: { name: NAME }, required: ['name'], additionalProperties: false },
    annotations: READING,
  },
  {
    name: 'call_tool',
    description: 'Calls a tool that search_tools found, with arguments that fit its schema.',
    inputSchema: {
      type: 'object',
      properties: {
        name: NAME,
        arguments: { type: 'object', description: 'Arguments of the tool', additionalProperties: true },
      },
      required: ['name'],
      additionalProperties: false,
    },
  },
];

/** What a list shows in search mode. */
export const META_TOOLS: readonly { readonly publicName: MetaToolName; readonly tool: ToolDefinition }[] =
  DEFINITIONS.map((tool) => ({ publicName: tool.name, tool }));

export function isMetaToolName(name: string): name is MetaToolName {
  return META_TOOLS.some(({ publicName }) => publicName === name);
}

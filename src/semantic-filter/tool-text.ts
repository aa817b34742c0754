import type { ListedTool } from '../catalog/catalog.types.js';
import { isJsonObject, type JsonObject } from '../common/json.js';

/** Longest description that is looked at; what is behind it says little about what the tool is for. */
const LONGEST_TEXT = 4_096;
const MAX_PARAMETERS = 100;

/** What is known in words about a tool. */
export interface ToolText {
  readonly name: string;
  readonly description: string;
  readonly parameters: string;
}

/** The words that a tool is found by. */
export function toolText({ publicName, tool }: ListedTool): ToolText {
  return {
    name: publicName,
    description: [tool['title'], tool['description']].filter(isText).join(' ').slice(0, LONGEST_TEXT),
    parameters: parameterText(tool.inputSchema).slice(0, LONGEST_TEXT),
  };
}

function parameterText({ properties }: JsonObject): string {
  if (!isJsonObject(properties)) return '';
  return Object.entries(properties)
    .slice(0, MAX_PARAMETERS)
    .map(([name, schema]) => `${name} ${describe(schema)}`)
    .join(' ');
}

function describe(schema: unknown): string {
  return isJsonObject(schema) && isText(schema['description']) ? schema['description'] : '';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

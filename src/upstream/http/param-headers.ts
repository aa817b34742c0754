import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';

/** One argument that is repeated as a header. */
export interface ParamHeader {
  /** Keys from the arguments object down to the value. */
  readonly path: readonly string[];
  /** Lower case, with the `mcp-param-` prefix. */
  readonly header: string;
}

const ANNOTATION = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PERMITTED_TYPES: readonly JsonValue[] = ['string', 'integer', 'boolean'];
/** Keywords that hold one subschema or a list of them. */
const SCHEMA_KEYWORDS = [
  'items',
  'prefixItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
];
/** Keywords that hold subschemas by name. */
const SCHEMA_MAP_KEYWORDS = ['patternProperties', 'dependentSchemas', '$defs', 'definitions'];

/** An `inputSchema` whose `x-mcp-header` annotations break the rules; such a tool must not be offered. */
export class InvalidParamHeader extends Error {}

/**
 * Which arguments of a tool are repeated as `Mcp-Param-*` headers (revision 2026-07-28, SEP-2243).
 * @throws InvalidParamHeader when an annotation breaks the rules.
 */
export function paramHeadersOf(inputSchema: JsonObject): readonly ParamHeader[] {
  const found: ParamHeader[] = [];
  collect(inputSchema, [], found);
  if (new Set(found.map((entry) => entry.header)).size !== found.length) {
    throw new InvalidParamHeader('two x-mcp-header annotations have the same name');
  }
  return found;
}

/** Why a tool with this schema must not be offered; null: nothing is wrong with its annotations. */
export function paramHeaderFault(inputSchema: JsonObject): string | null {
  try {
    paramHeadersOf(inputSchema);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function collect(schema: JsonValue | undefined, path: readonly string[], found: ParamHeader[]): void {
  if (!isJsonObject(schema)) return;
  const name = schema[ANNOTATION];
  if (name !== undefined) found.push(readAnnotation(schema, name, path));
  const properties = schema['properties'];
  if (isJsonObject(properties)) {
    for (const [key, property] of Object.entries(properties)) collect(property, [...path, key], found);
  }
  refuseElsewhere(schema, path);
}

function readAnnotation(schema: JsonObject, name: JsonValue, path: readonly string[]): ParamHeader {
  const where = path.join('.');
  if (path.length === 0) throw new InvalidParamHeader('x-mcp-header on the arguments as a whole');
  if (typeof name !== 'string' || !TOKEN.test(name)) throw new InvalidParamHeader(`${where}: not a header name`);
  if (!PERMITTED_TYPES.includes(schema['type'] ?? null)) {
    throw new InvalidParamHeader(`${where}: x-mcp-header on something that is no string, integer or boolean`);
  }
  return { path, header: `mcp-param-${name.toLowerCase()}` };
}

/** Below anything but `properties` it depends on the data whether a value is there, so no annotation may be. */
function refuseElsewhere(schema: JsonObject, path: readonly string[]): void {
  for (const subschema of subschemasOf(schema)) {
    const inside: ParamHeader[] = [];
    collect(subschema, [...path, '*'], inside);
    if (inside.length > 0) throw new InvalidParamHeader(`${path.join('.')}: x-mcp-header that is not always reachable`);
  }
}

function subschemasOf(schema: JsonObject): JsonValue[] {
  const single = SCHEMA_KEYWORDS.flatMap((keyword) => schema[keyword] ?? []);
  const named = SCHEMA_MAP_KEYWORDS.flatMap((keyword) => {
    const map = schema[keyword];
    return isJsonObject(map) ? Object.values(map) : [];
  });
  return [...single, ...named];
}

/** Name and value pairs for these arguments. Absent, null and non-primitive values are left out. */
export function paramHeaderValues(plan: readonly ParamHeader[], args: Readonly<JsonObject>): string[] {
  const pairs: string[] = [];
  for (const { path, header } of plan) {
    const text = textOf(valueAt(args, path));
    if (text !== undefined) pairs.push(header, headerText(text));
  }
  return pairs;
}

function valueAt(args: Readonly<JsonObject>, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = args;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value))
    ? String(value)
    : undefined;
}

const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const SENTINEL = /^=\?base64\?.*\?=$/;

/** A text as a header value: as it is when that is safe and unambiguous, else base64 in the sentinel of SEP-2243. */
export function headerText(text: string): string {
  if (PLAIN.test(text) && !SENTINEL.test(text)) return text;
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

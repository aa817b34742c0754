import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import type { RpcId } from '../json-rpc.js';
import { headerMismatch } from './header-agreement.js';
import { decodeHeaderValue } from './header-value.js';

interface MirroredParam {
  /** Keys from the arguments down to the value. */
  readonly path: readonly string[];
  /** Lower case. */
  readonly header: string;
  readonly type: 'string' | 'integer' | 'boolean';
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const NONE: readonly MirroredParam[] = [];
const plans = new WeakMap<ToolDefinition, readonly MirroredParam[]>();

/**
 * Arguments whose schema is annotated with `x-mcp-header` must be repeated in `Mcp-Param-*` headers (SEP-2243).
 * @throws RefusedRequest 400 with `-32020`
 */
export function assertParamsAgree(
  headers: IncomingHttpHeaders,
  tool: ToolDefinition,
  args: JsonObject,
  id: RpcId,
): void {
  for (const { path, header, type } of mirroredParams(tool)) {
    const text = textOf(valueAt(args, path));
    if (text === null) continue;
    const sent = headers[header];
    if (typeof sent !== 'string' || !isSame(decodeHeaderValue(sent), text, type)) throw headerMismatch(header, id);
  }
}

/** Catalogues leave out tools with annotations that break the rules, so what is not understood here is no rule. */
function mirroredParams(tool: ToolDefinition): readonly MirroredParam[] {
  let plan = plans.get(tool);
  if (plan === undefined) {
    const found: MirroredParam[] = [];
    collect(tool.inputSchema, [], found);
    plan = found.length === 0 ? NONE : found;
    plans.set(tool, plan);
  }
  return plan;
}

function collect(schema: JsonValue | undefined, path: readonly string[], found: MirroredParam[]): void {
  if (!isJsonObject(schema)) return;
  const name = schema['x-mcp-header'];
  const { type, properties } = schema;
  if (typeof name === 'string' && (type === 'string' || type === 'integer' || type === 'boolean')) {
    found.push({ path, header: `mcp-param-${name.toLowerCase()}`, type });
  }
  if (!isJsonObject(properties)) return;
  for (const [key, property] of Object.entries(properties)) collect(property, [...path, key], found);
}

function valueAt(args: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = args;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** null: no header is expected for this value. */
function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  // Beyond 2^53 the digits are lost already, so there is nothing to compare.
  return typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? String(value) : null;
}

function isSame(sent: string | null, text: string, type: MirroredParam['type']): boolean {
  if (sent === text) return true;
  return sent !== null && type === 'integer' && DECIMAL.test(sent) && Number(sent) === Number(text);
}

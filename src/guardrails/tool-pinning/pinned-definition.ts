import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';

/** The members of a definition that a model or a caller acts on. */
export const PINNED_MEMBERS = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const;

/** Deeper definitions cannot be pinned: nobody reads them, and following them would cost the stack. */
const DEEPEST = 128;
/** What a text column cannot hold. */
const UNSTORABLE_NAME = /\0|\p{Cs}/u;

const hashes = new WeakMap<ToolDefinition, string | null>();

/** A member that is not what was pinned. Missing members are null. */
export interface Difference {
  readonly member: string;
  readonly pinned: JsonValue;
  readonly current: JsonValue;
}

/**
 * SHA-256 in hex of what is pinned of a definition, whatever the order of its keys; computed once per definition.
 * null: it cannot be pinned, since its name cannot be stored or it is nested too deeply.
 */
export function pinHash(tool: ToolDefinition): string | null {
  let known = hashes.get(tool);
  if (known === undefined) {
    const text = UNSTORABLE_NAME.test(tool.name) ? null : canonical(pinnedPart(tool), 0);
    known = text === null ? null : hash('sha256', text, 'hex');
    hashes.set(tool, known);
  }
  return known;
}

/** The members that are pinned. */
export function pinnedPart(tool: JsonObject): JsonObject {
  return Object.fromEntries(PINNED_MEMBERS.flatMap((name) => (name in tool ? [[name, tool[name] ?? null]] : [])));
}

/** Where a definition differs from what was pinned. */
export function differencesOf(pinned: JsonObject, current: JsonObject): Difference[] {
  return PINNED_MEMBERS.flatMap((member) => {
    const before = pinned[member] ?? null;
    const now = current[member] ?? null;
    return canonical(before, 0) === canonical(now, 0) ? [] : [{ member, pinned: before, current: now }];
  });
}

/** JSON with the keys of every object in order; null: too deep. */
function canonical(value: JsonValue, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (depth === DEEPEST) return null;
  const parts = Array.isArray(value)
    ? value.map((item) => canonical(item, depth + 1))
    : Object.keys(value)
        .sort()
        .map((key) => memberText(key, value, depth));
  if (parts.includes(null)) return null;
  return isJsonObject(value) ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
}

function memberText(key: string, value: JsonObject, depth: number): string | null {
  const text = canonical(value[key] ?? null, depth + 1);
  return text === null ? null : `${JSON.stringify(key)}:${text}`;
}

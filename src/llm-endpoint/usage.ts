import { isJsonObject, type JsonValue } from '../common/json.js';

/** The sum of two reports of usage: every number is added, whatever its name and depth. */
export function addUsage(one: JsonValue | undefined, other: JsonValue | undefined): JsonValue | undefined {
  if (typeof one === 'number' && typeof other === 'number') return one + other;
  if (!isJsonObject(one) || !isJsonObject(other)) return other ?? one;
  const sum: Record<string, JsonValue> = { ...one };
  for (const [key, value] of Object.entries(other)) sum[key] = addUsage(sum[key], value) ?? value;
  return sum;
}

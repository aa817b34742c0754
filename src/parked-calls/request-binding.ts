import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/** What a state belongs to. With any other caller or request it is worth nothing. */
export interface StateBinding {
  /** From `callerIdOf`. */
  readonly callerId: string;
  /** From {@link requestDigest}. */
  readonly digest: string;
}

/** A request as its client sent it, with the scope that it asked for. */
export interface StatedRequest {
  readonly method: string;
  readonly params: JsonObject | undefined;
  /** Path of the door, and whatever else narrows the scope. */
  readonly scope: readonly (string | null)[];
}

/**
 * SHA-256 in base64url of what has to be the same when a client repeats a request: everything but what belongs to one
 * sending of it. The order of members does not count.
 */
export function requestDigest({ method, params, scope }: StatedRequest): string {
  const { _meta: _envelope, inputResponses: _answers, requestState: _state, ...same } = params ?? {};
  return createHash('sha256')
    .update(JSON.stringify([method, scope, sorted(same)]))
    .digest('base64url');
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  // As pairs: an object would put members that look like numbers first.
  const names = Object.keys(value).sort();
  return { members: names.map((name): JsonValue => [name, sorted(value[name] ?? null)]) };
}

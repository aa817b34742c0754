import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/** Turns a URI of the server into the one that the caller knows. */
export type PublicUri = (uri: string) => string;

/**
 * The content of a result or message with every link to a resource, and every embedded one, in the form in which the
 * caller can use it. Everything else stays as it is: content without either is the very array that came.
 */
export function publicContent(content: JsonValue[], publicUri: PublicUri): JsonValue[] {
  return content.some(isLinked) ? content.map((block) => publicBlock(block, publicUri)) : content;
}

/** As {@link publicContent}, for one block. */
export function publicBlock(block: JsonValue, publicUri: PublicUri): JsonValue {
  if (!isJsonObject(block)) return block;
  if (block['type'] === 'resource_link') return withPublicUri(block, publicUri);
  const { type, resource } = block;
  if (type !== 'resource' || !isJsonObject(resource)) return block;
  return { ...block, resource: withPublicUri(resource, publicUri) };
}

/** An object whose `uri`, if it has one, is the caller's. */
export function withPublicUri(value: JsonObject, publicUri: PublicUri): JsonObject {
  const { uri } = value;
  return typeof uri === 'string' ? { ...value, uri: publicUri(uri) } : value;
}

function isLinked(block: JsonValue): boolean {
  return isJsonObject(block) && (block['type'] === 'resource_link' || block['type'] === 'resource');
}

import type { OfferReference } from '../catalog/offer-resolver.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { ServerMethod } from '../permissions/authorized-request.js';
import type { UpstreamReply } from '../upstream/upstream.types.js';

/** Turns a URI of the server into the one that the caller knows. */
export type PublicUri = (uri: string) => string;

/** The parameters with the name or URI that the server knows in place of the caller's. */
export function upstreamParams(
  method: ServerMethod,
  { kind }: Pick<OfferReference, 'kind'>,
  params: JsonObject,
  name: string,
): JsonObject {
  const member = kind === 'prompt' ? 'name' : 'uri';
  if (method !== 'completion/complete') return { ...params, [member]: name };
  const ref = isJsonObject(params['ref']) ? params['ref'] : {};
  return { ...params, ref: { ...ref, [member]: name } };
}

/** The reply with every URI in the form in which the caller can use it. Everything else stays as it is. */
export function publicReply(method: ServerMethod, reply: UpstreamReply, publicUri: PublicUri): UpstreamReply {
  if (reply.kind === 'error') {
    const { data } = reply.error;
    return isJsonObject(data) ? { kind: 'error', error: { ...reply.error, data: withUri(data, publicUri) } } : reply;
  }
  const { result } = reply;
  if (method === 'resources/read' && Array.isArray(result['contents'])) {
    return { kind: 'result', result: { ...result, contents: result['contents'].map((one) => inside(one, publicUri)) } };
  }
  if (method === 'prompts/get' && Array.isArray(result['messages'])) {
    return {
      kind: 'result',
      result: { ...result, messages: result['messages'].map((one) => message(one, publicUri)) },
    };
  }
  return reply;
}

function message(value: JsonValue, publicUri: PublicUri): JsonValue {
  if (!isJsonObject(value)) return value;
  const { content } = value;
  if (Array.isArray(content)) return { ...value, content: content.map((one) => block(one, publicUri)) };
  return content === undefined ? value : { ...value, content: block(content, publicUri) };
}

/** A content block: a link to a resource, or a resource that is embedded. */
function block(value: JsonValue, publicUri: PublicUri): JsonValue {
  if (!isJsonObject(value)) return value;
  if (value['type'] === 'resource_link') return withUri(value, publicUri);
  const { resource } = value;
  return value['type'] === 'resource' && resource !== undefined
    ? { ...value, resource: inside(resource, publicUri) }
    : value;
}

function inside(value: JsonValue, publicUri: PublicUri): JsonValue {
  return isJsonObject(value) ? withUri(value, publicUri) : value;
}

function withUri(value: JsonObject, publicUri: PublicUri): JsonObject {
  const { uri } = value;
  return typeof uri === 'string' ? { ...value, uri: publicUri(uri) } : value;
}

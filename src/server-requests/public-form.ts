import { publicBlock, publicContent, withPublicUri, type PublicUri } from '../catalog/content-links.js';
import type { OfferReference } from '../catalog/offer-resolver.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { RequestMethod } from '../permissions/authorized-request.js';
import type { UpstreamReply } from '../upstream/upstream.types.js';

/** The parameters with the name or URI that the server knows in place of the caller's. */
export function upstreamParams(
  method: RequestMethod,
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
export function publicReply(method: RequestMethod, reply: UpstreamReply, publicUri: PublicUri): UpstreamReply {
  if (reply.kind === 'error') {
    const { data } = reply.error;
    return isJsonObject(data)
      ? { kind: 'error', error: { ...reply.error, data: withPublicUri(data, publicUri) } }
      : reply;
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
  if (Array.isArray(content)) return { ...value, content: publicContent(content, publicUri) };
  return content === undefined ? value : { ...value, content: publicBlock(content, publicUri) };
}

function inside(value: JsonValue, publicUri: PublicUri): JsonValue {
  return isJsonObject(value) ? withPublicUri(value, publicUri) : value;
}

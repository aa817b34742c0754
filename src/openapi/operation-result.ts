import { exceedsJsonDepth } from '../common/json-depth.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/** An answer of an API, read to its end. */
export interface ApiAnswer {
  readonly status: number;
  /** `Content-Type`; empty when there is none. */
  readonly contentType: string;
  readonly body: Buffer;
}

const TEXT_TYPE = /^(text\/|application\/(.+\+)?(json|xml|yaml|javascript|x-www-form-urlencoded)\b)/i;

/**
 * An answer as the result of a tool. Everything but 2xx is an error that a model can read. JSON objects are structured
 * content as well, where the tool has an output schema.
 */
export function operationResult(answer: ApiAnswer, hasOutputSchema: boolean): JsonObject {
  const isGood = answer.status >= 200 && answer.status < 300;
  const content = [contentOf(answer)];
  if (!isGood) return { content: [{ type: 'text', text: failureText(answer) }], isError: true };
  const structured = hasOutputSchema ? jsonOf(answer) : undefined;
  return isJsonObject(structured) ? { content, structuredContent: structured } : { content };
}

function contentOf({ status, contentType, body }: ApiAnswer): JsonObject {
  const mimeType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (body.length === 0) return { type: 'text', text: `HTTP ${status}, without a body` };
  if (mimeType === '' || TEXT_TYPE.test(mimeType)) return { type: 'text', text: body.toString('utf8') };
  const data = body.toString('base64');
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType };
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType };
  return { type: 'resource', resource: { uri: 'openapi:response', mimeType, blob: data } };
}

function failureText(answer: ApiAnswer): string {
  const { status, contentType, body } = answer;
  if (status >= 300 && status < 400) return `HTTP ${status}: the API redirects, which is not followed`;
  const isText = contentType === '' || TEXT_TYPE.test(contentType);
  return isText && body.length > 0 ? `HTTP ${status}\n${body.toString('utf8')}` : `HTTP ${status}`;
}

function jsonOf({ contentType, body }: ApiAnswer): JsonValue | undefined {
  if (!/^application\/(.+\+)?json\b/i.test(contentType) || exceedsJsonDepth(body)) return undefined;
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    // The API says that it is JSON, and it is not: then it is a text.
    return undefined;
  }
}

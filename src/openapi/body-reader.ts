import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { OperationBody, Schema } from './operation.js';

/** A body and what its argument looks like. */
export interface ReadBody {
  readonly body: OperationBody;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** The first that a document offers is taken, in this order; then whatever it offers. */
const PREFERRED = [
  /^application\/json$/,
  /^application\/(.+\+)?json$/,
  /^application\/x-www-form-urlencoded$/,
  /^multipart\/form-data$/,
  /^text\//,
];
const BYTES: JsonObject = { type: 'string', contentEncoding: 'base64', description: 'The bytes, in base64.' };

/** The body of an operation; null: it has none. */
export function readBody(written: JsonObject | null, taken: ReadonlySet<string>): ReadBody | null {
  const content = written?.['content'];
  if (!isJsonObject(content)) return null;
  const offered = new Map(Object.entries(content).map(([type, media]) => [withoutParameters(type), media]));
  const mediaType = PREFERRED.map((wanted) => [...offered.keys()].find((type) => wanted.test(type))).find(
    (type) => type !== undefined,
  );
  const chosen = mediaType ?? [...offered.keys()][0];
  if (chosen === undefined) return null;
  const media = offered.get(chosen);
  const schema = isJsonObject(media) ? (media['schema'] ?? {}) : {};
  const isText = mediaType !== undefined;
  return {
    body: {
      argument: taken.has('body') ? 'request_body' : 'body',
      mediaType: chosen.includes('*') ? 'application/octet-stream' : chosen,
      binaryMembers: chosen === 'multipart/form-data' ? binaryMembers(schema) : [],
    },
    schema: isText ? textSchema(chosen, schema) : BYTES,
    isRequired: written?.['required'] === true,
  };
}

function textSchema(mediaType: string, schema: Schema): Schema {
  if (!mediaType.startsWith('text/')) return schema;
  return isJsonObject(schema) && schema['type'] === 'string' ? schema : { type: 'string' };
}

/** Members that are files. */
function binaryMembers(schema: Schema): string[] {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties)
    .filter(([, member]) => isFile(member))
    .map(([name]) => name);
}

function isFile(member: JsonValue): boolean {
  if (!isJsonObject(member)) return false;
  return member['format'] === 'binary' || member['contentMediaType'] === 'application/octet-stream';
}

function withoutParameters(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase();
}

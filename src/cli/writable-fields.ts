import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { CliError } from './cli-error.js';
import type { Kind } from './kinds.js';

/** Fields that say something about an object in a file and are no fields of a request. */
const TOLD = ['permission_closed', 'expires'];
/** `duration` counts from the time of the request; files hold `expires`. */
const NOT_STORED = ['duration', 'auto_create_key', 'key'];

/** Which fields of a kind can be written, as the API documents of the gateway say: newer ones need no newer command. */
export interface WritableFields {
  /** Fields of a new object. */
  readonly create: ReadonlyMap<string, JsonObject>;
  /** Fields of a change, without the id. */
  readonly update: ReadonlySet<string>;
  /** Everything that an entry of a file may hold. */
  readonly known: ReadonlySet<string>;
}

/** Reads the fields of a kind from `/docs/openapi.json`. */
export function writableFields(document: JsonValue, kind: Kind): WritableFields {
  const [method, path] = kind.update;
  const create = propertiesOf(document, kind.createPath, 'post');
  const update = propertiesOf(document, path, method.toLowerCase());
  for (const field of NOT_STORED) {
    create.delete(field);
    update.delete(field);
  }
  update.delete(kind.idField);
  return { create, update: new Set(update.keys()), known: new Set([...create.keys(), kind.idField, ...TOLD]) };
}

/** Is it what the field has anyway? Such values are left out of files. */
export function isDefault(value: JsonValue | undefined, schema: JsonObject | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value) && value.length === 0) return true;
  if (isJsonObject(value) && Object.keys(value).length === 0) return true;
  const byDefault = schema?.['default'] ?? (typeof value === 'boolean' ? false : undefined);
  return isDeepStrictEqual(value, byDefault);
}

function propertiesOf(document: JsonValue, path: string, method: string): Map<string, JsonObject> {
  const body = at(document, 'paths', path, method, 'requestBody', 'content', 'application/json', 'schema', '$ref');
  const name = typeof body === 'string' ? body.split('/').at(-1) : undefined;
  const properties = name === undefined ? undefined : at(document, 'components', 'schemas', name, 'properties');
  if (!isJsonObject(properties)) throw new CliError(`the API documents of the gateway do not describe ${path}`);
  return new Map(Object.entries(properties).map(([field, schema]) => [field, isJsonObject(schema) ? schema : {}]));
}

function at(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((found, key) => (isJsonObject(found) ? found[key] : undefined), value);
}

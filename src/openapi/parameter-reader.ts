import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { resolve } from './json-pointer.js';
import type { OperationParameter, ParameterPlace, Schema } from './operation.js';

const PLACES: ReadonlySet<string> = new Set(['path', 'query', 'header', 'cookie']);
/** Headers that OpenAPI has other means for, and headers that decide where a request goes. */
const OTHERWISE_SET =
  /^(accept|content-type|authorization|host|cookie|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|accept-encoding|content-encoding|x-forwarded-.*|forwarded|x-real-ip)$/i;
const DEFAULT_STYLE: Readonly<Record<ParameterPlace, string>> = {
  path: 'simple',
  query: 'form',
  header: 'simple',
  cookie: 'form',
};

/** A parameter and what its argument looks like. */
export interface ReadParameter {
  readonly parameter: OperationParameter;
  readonly schema: Schema;
  readonly description: string | null;
  readonly isRequired: boolean;
}

/** The parameters of one operation. */
export interface ReadParameters {
  readonly parameters: readonly ReadParameter[];
  /** Names of arguments that are taken. */
  readonly names: ReadonlySet<string>;
  readonly faults: readonly string[];
}

/** @param lists those of the path, then those of the operation, which come before them */
export function readParameters(
  document: JsonObject,
  path: string,
  lists: readonly (JsonValue | undefined)[],
): ReadParameters {
  const faults: string[] = [];
  const byPlace = new Map<string, JsonObject>();
  for (const written of lists.flatMap((list) => (Array.isArray(list) ? list : []))) {
    const found = resolve(document, written);
    if (found === null) faults.push('a parameter leads nowhere');
    else byPlace.set(`${String(found['in'])}:${String(found['name'])}`, found);
  }
  for (const name of templateNames(path)) {
    if (!byPlace.has(`path:${name}`)) byPlace.set(`path:${name}`, { name, in: 'path', schema: { type: 'string' } });
  }
  const names = new Set<string>();
  const parameters = [...byPlace.values()].flatMap((found) => {
    const read = readParameter(found, names);
    if (read === null) faults.push(`the parameter ${String(found['name']).slice(0, 64)} cannot be sent`);
    else names.add(read.parameter.argument);
    return read ?? [];
  });
  return { parameters, names, faults };
}

/** Names in the template of a path. */
export function templateNames(path: string): string[] {
  return [...path.matchAll(/\{([^{}/]+)\}/g)].map(([, name = '']) => name);
}

function readParameter(found: JsonObject, taken: ReadonlySet<string>): ReadParameter | null {
  const { name, in: place, content, description, required, style, explode } = found;
  if (typeof name !== 'string' || name === '' || !isPlace(place)) return null;
  if (place === 'header' && OTHERWISE_SET.test(name.replaceAll('_', '-'))) return null;
  const json = jsonSchemaOf(content);
  const usedStyle = typeof style === 'string' ? style : DEFAULT_STYLE[place];
  return {
    parameter: {
      argument: taken.has(name) ? `${name}_${place}` : name,
      name,
      in: place,
      style: usedStyle,
      explode: typeof explode === 'boolean' ? explode : usedStyle === 'form',
      isJson: json !== null,
    },
    schema: json ?? found['schema'] ?? {},
    description: typeof description === 'string' ? description : null,
    isRequired: required === true || place === 'path',
  };
}

/** `content` of a parameter instead of `schema`: its value is written as JSON. */
function jsonSchemaOf(content: JsonValue | undefined): Schema | null {
  const described = isJsonObject(content) ? content['application/json'] : undefined;
  return isJsonObject(described) ? (described['schema'] ?? {}) : null;
}

/** A schema with the description of the parameter, unless it has one of its own. */
export function describedSchema(schema: Schema, description: string | null): Schema {
  if (description === null || !isJsonObject(schema) || schema['description'] !== undefined) return schema;
  return { ...schema, description };
}

function isPlace(place: JsonValue | undefined): place is ParameterPlace {
  return typeof place === 'string' && PLACES.has(place);
}

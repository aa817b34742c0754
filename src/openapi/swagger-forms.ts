import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { resolve } from './json-pointer.js';

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];
/** Members of a form field that are not its schema. */
const NO_SCHEMA: ReadonlySet<string> = new Set(['name', 'in', 'required', 'collectionFormat', 'allowEmptyValue']);

/**
 * Turns the form fields of the operations of Swagger 2 into one body each, with their whole schemas. The library that
 * lifts such documents to OpenAPI 3 would keep no more of a form field than its type, format and description.
 */
export function withFormBodies(document: JsonObject): JsonObject {
  const { swagger, paths } = document;
  if (swagger === undefined || !isJsonObject(paths)) return document;
  return { ...document, paths: mapMembers(paths, (item) => itemWithBodies(document, item)) };
}

function itemWithBodies(document: JsonObject, item: JsonObject): JsonObject {
  const shared = split(document, item['parameters']);
  const changed = mapMembers(item, (operation) => operationWithBody(document, operation, shared.fields));
  return shared.fields.length === 0 ? changed : { ...changed, parameters: shared.others };
}

function operationWithBody(document: JsonObject, operation: JsonObject, shared: readonly JsonObject[]): JsonObject {
  const { fields, others } = split(document, operation['parameters']);
  const all = new Map([...shared, ...fields].map((field) => [String(field['name']), field]));
  if (all.size === 0) return operation;
  const required = [...all].filter(([, field]) => field['required'] === true).map(([name]) => name);
  const properties = Object.fromEntries([...all].map(([name, field]) => [name, schemaOf(field)]));
  const schema = { type: 'object', properties, ...(required.length > 0 && { required }) };
  const body = { name: 'body', in: 'body', required: required.length > 0, schema };
  return {
    ...operation,
    parameters: [...others, body],
    consumes: formTypes(operation['consumes'] ?? document['consumes'], all),
  };
}

/** Files travel in one of the two kinds of form only. */
function formTypes(consumes: JsonValue | undefined, fields: ReadonlyMap<string, JsonObject>): string[] {
  const offered = Array.isArray(consumes) ? FORM_TYPES.filter((type) => consumes.includes(type)) : [];
  const hasFiles = [...fields.values()].some(({ type }) => type === 'file');
  if (hasFiles || offered.length === 0) return ['multipart/form-data'];
  return offered;
}

function schemaOf(field: JsonObject): JsonObject {
  const schema = Object.fromEntries(Object.entries(field).filter(([member]) => !NO_SCHEMA.has(member)));
  return schema['type'] === 'file' ? { ...schema, type: 'string', format: 'binary' } : schema;
}

interface SplitParameters {
  readonly fields: readonly JsonObject[];
  readonly others: JsonValue[];
}

function split(document: JsonObject, parameters: JsonValue | undefined): SplitParameters {
  const fields: JsonObject[] = [];
  const others: JsonValue[] = [];
  for (const written of Array.isArray(parameters) ? parameters : []) {
    const parameter = resolve(document, written);
    if (parameter?.['in'] === 'formData') fields.push(parameter);
    else others.push(written);
  }
  return { fields, others };
}

function mapMembers(object: JsonObject, change: (member: JsonObject) => JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, member]) => [name, isJsonObject(member) ? change(member) : member]),
  );
}

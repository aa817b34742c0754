import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { publishedDocument } from '../../test/fixtures/openapi/published-document.js';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { readApiDocument } from './api-document.js';
import { importApi } from './import-api.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

/** `METHOD /path` of every operation, read without the code that is tested. */
function operationsOf(document: JsonObject): string[] {
  const { paths } = document;
  if (!isJsonObject(paths)) return [];
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => isJsonObject(item) && isJsonObject(item[method])).map(
      (method) => `${method.toUpperCase()} ${path}`,
    ),
  );
}

/** Pointers of every reference in a schema that leads nowhere. */
function danglingIn(schema: JsonObject): string[] {
  const definitions = isJsonObject(schema['$defs']) ? schema['$defs'] : {};
  const found = JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g);
  return [...found]
    .map(([, name = '']) => decodeURIComponent(name))
    .filter((name) => !Object.hasOwn(definitions, name));
}

describe.each([
  ['github.json.br', 'OpenAPI 3.0', 1_223, 'https://api.github.com'],
  ['kubernetes.json.br', 'Swagger 2', 1_002, null],
  ['figma.yaml.br', 'OpenAPI 3.1 in YAML', 54, 'https://api.figma.com'],
])('the published document %s (%s)', (file, _kind, count, serverUrl) => {
  const text = publishedDocument(file);
  const api = importApi(readApiDocument(text));
  const operations = operationsOf((file.endsWith('.yaml.br') ? parse(text) : JSON.parse(text)) as JsonObject);

  it('becomes tools without losing an operation silently', () => {
    expect(operations).toHaveLength(count);
    const made = api.tools.map(({ operation }) => `${operation.method} ${operation.path}`);
    const leftOut = operations.filter((operation) => !made.includes(operation));
    expect(leftOut.filter((operation) => !api.warnings.some((warning) => warning.startsWith(operation)))).toEqual([]);
    expect(made.filter((operation) => !operations.includes(operation))).toEqual([]);
    expect(leftOut).toEqual([]);
    expect(api.serverUrl).toBe(serverUrl);
  });

  it('has tools with unique names that are fit, and schemas that are whole', () => {
    const names = api.tools.map(({ definition }) => definition.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9_-]{1,96}$/.test(name))).toEqual([]);
    expect(api.tools.flatMap(({ definition }) => danglingIn(definition.inputSchema))).toEqual([]);
  });
});

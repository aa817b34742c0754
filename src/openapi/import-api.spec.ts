import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject } from '../common/json.js';
import { readApiDocument } from './api-document.js';
import { importApi } from './import-api.js';
import type { ImportedApi, OperationTool } from './operation.js';

const PETSTORE = readFileSync('test/fixtures/openapi/petstore.yaml', 'utf8');

function imported(document: unknown): ImportedApi {
  return importApi(readApiDocument(typeof document === 'string' ? document : JSON.stringify(document)));
}

/** A document with these operations. */
function withPaths(paths: JsonObject, more: JsonObject = {}): JsonObject {
  return { openapi: '3.1.0', info: { title: 't', version: '1' }, paths, ...more };
}

function only(api: ImportedApi): OperationTool {
  const [tool] = api.tools;
  if (tool === undefined) throw new Error('there is no tool');
  return tool;
}

describe('the Petstore', () => {
  const { tools, warnings, serverUrl } = imported(PETSTORE);

  it('has three tools, with whole schemas', () => {
    expect({ warnings, serverUrl }).toEqual({ warnings: [], serverUrl: 'http://petstore.swagger.io/v1' });
    expect(tools.map(({ definition }) => definition.name)).toEqual(['listpets', 'createpets', 'showpetbyid']);
    expect(tools[0]?.definition).toMatchObject({
      description: 'List all pets',
      inputSchema: {
        type: 'object',
        properties: { limit: { type: 'integer', maximum: 100, description: expect.stringContaining('max 100') } },
      },
      annotations: { readOnlyHint: true },
    });
    expect(tools[1]?.definition.inputSchema).toMatchObject({
      required: ['body'],
      properties: { body: { $ref: '#/$defs/Pet' } },
      $defs: { Pet: { required: ['id', 'name'], properties: { id: { type: 'integer', format: 'int64' } } } },
    });
  });

  it('has structured answers where the answer is an object', () => {
    expect(tools.map(({ definition }) => definition.outputSchema !== undefined)).toEqual([false, false, true]);
  });

  it('is the same in the words of Swagger 2', () => {
    const api = imported({
      ...{
        swagger: '2.0',
        info: { title: 't', version: '1' },
        host: 'api.example',
        basePath: '/v2',
        schemes: ['https'],
      },
      paths: {
        '/pets/{petId}': {
          post: {
            operationId: 'updatePet',
            consumes: ['application/x-www-form-urlencoded'],
            parameters: [
              { name: 'petId', in: 'path', required: true, type: 'integer' },
              { name: 'status', in: 'formData', type: 'string', enum: ['sold', 'here'] },
              { name: 'tags', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'pipes' },
            ],
            responses: { 200: { description: 'ok' } },
          },
        },
      },
    });
    expect(api.serverUrl).toBe('https://api.example/v2');
    expect(only(api)).toMatchObject({
      operation: { body: { mediaType: 'application/x-www-form-urlencoded' } },
      definition: {
        inputSchema: {
          properties: {
            petId: { type: 'integer' },
            tags: { type: 'array', items: { type: 'string' } },
            body: { properties: { status: { type: 'string', enum: ['sold', 'here'] } } },
          },
        },
      },
    });
  });
});

describe('tools of a document', () => {
  it('have names that are fit, unique and always the same', () => {
    const operation = (operationId?: string): JsonObject => ({
      get: { ...(operationId && { operationId }), responses: {} },
    });
    const document = withPaths({
      '/a': operation('Get It!'),
      '/b': operation('get_it'),
      '/c/{id}': operation(),
      '/d': operation('x'.repeat(300)),
      '/e': operation('ünï/cödé'),
      '/f': operation('...'),
    });
    const names = imported(document).tools.map(({ definition }) => definition.name);
    expect(names).toEqual(['get_it_', 'get_it', 'get__c__id_', 'x'.repeat(96), '_n__c_d_', '___']);
    expect(imported(document).tools.map(({ definition }) => definition.name)).toEqual(names);
  });

  it('take parameters of the path, and those of the operation before them', () => {
    const { definition } = only(
      imported(
        withPaths(
          {
            '/x/{id}': {
              parameters: [
                { $ref: '#/components/parameters/Id' },
                { name: 'q', in: 'query', schema: { type: 'string' } },
              ],
              get: {
                parameters: [
                  { name: 'q', in: 'query', required: true, schema: { type: 'integer', default: 0, enum: [0, 1] } },
                  { name: 'id', in: 'query', schema: { type: 'boolean' } },
                  { name: 'Authorization', in: 'header', schema: { type: 'string' } },
                ],
              },
            },
          },
          {
            components: { parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'integer' } } } },
          },
        ),
      ),
    );
    expect(definition.inputSchema).toEqual({
      type: 'object',
      additionalProperties: false,
      required: ['id', 'q'],
      properties: {
        id: { type: 'integer' },
        q: { type: 'integer', default: 0, enum: [0, 1] },
        id_query: { type: 'boolean' },
      },
    });
  });

  it('may have schemas that contain themselves, and one validator understands them', () => {
    const { definition } = only(
      imported(
        withPaths(
          {
            '/tree': {
              post: {
                requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } },
              },
            },
          },
          {
            components: {
              schemas: {
                Node: {
                  type: 'object',
                  required: ['value'],
                  properties: {
                    value: { type: 'integer' },
                    children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
                  },
                },
              },
            },
          },
        ),
      ),
    );
    const validate = new Ajv2020({ strict: false }).compile(definition.inputSchema);
    expect(validate({ body: { value: 1, children: [{ value: 2 }] } })).toBe(true);
    expect(validate({ body: { value: 1, children: [{ value: 'two' }] } })).toBe(false);
  });

  it('never lead out of the document', () => {
    const api = imported(
      withPaths({
        '/x': {
          get: {
            parameters: [
              { name: 'a', in: 'query', schema: { $ref: 'http://127.0.0.1/secret.json' } },
              { name: 'b', in: 'query', schema: { $ref: 'file:///etc/passwd#/x' } },
              { name: 'c', in: 'query', schema: { $ref: '#/components/schemas/__proto__' } },
              { $ref: '#/components/parameters/none' },
            ],
          },
        },
      }),
    );
    expect(only(api).definition.inputSchema['properties']).toEqual({ a: {}, b: {}, c: {} });
    expect(api.warnings).toHaveLength(4);
  });
});

describe('documents that are refused', () => {
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  'bcdefghi'.split('').forEach((name, at) => {
    const before = 'abcdefgh'[at];
    laughs.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
  });

  it.each([
    ['no document', '[]', 'it is not a map'],
    ['another kind', '{"a":1}', 'its version is not'],
    ['a version to come', '{"openapi":"4.0.0","paths":{}}', 'its version is not'],
    ['broken JSON', '{"openapi": ', 'it is not valid JSON'],
    ['broken YAML', 'openapi: 3.0.0\n  paths: [', 'it is not valid YAML: see line'],
    ['a key twice', 'openapi: 3.0.0\nopenapi: 3.0.0\n', 'it is not valid YAML: see line 2'],
    ['a tag', 'openapi: !!js/function "x"\n', 'it is not valid YAML'],
    ['aliases that explode', laughs.join('\n'), 'its aliases stand for too much'],
    ['deep JSON', nested(1_000), 'it nests deeper than'],
    ['deep YAML', `a: ${'['.repeat(1_000)}${']'.repeat(1_000)}`, 'it is not valid YAML'],
    ['rather deep YAML', `openapi: 3.0.0\na: ${'['.repeat(300)}${']'.repeat(300)}`, 'it nests deeper than'],
    ['too many bytes', ' '.repeat(11 * 1024 * 1024), 'it is larger than'],
    ['no paths', '{"openapi":"3.1.0"}', 'it has no paths'],
    ['no operations', '{"openapi":"3.1.0","paths":{"/x":{}}}', 'it has no operations'],
  ])('%s', (_what, text, message) => {
    expect(() => imported(text)).toThrow(message);
  });

  it('too many operations', () => {
    const paths = Object.fromEntries(Array.from({ length: 5_001 }, (_, at) => [`/p${at}`, { get: {} }]));
    expect(() => imported(withPaths(paths))).toThrow('it has more than 5000 operations');
  });

  it('leave out an operation whose schema grows without bounds', () => {
    const schemas: JsonObject = {};
    for (let at = 0; at < 2_000; at++) {
      schemas[`S${at}`] = { type: 'object', properties: { next: { $ref: `#/components/schemas/S${at + 1}` } } };
    }
    const api = imported(
      withPaths(
        {
          '/deep': { get: { parameters: [{ name: 'x', in: 'query', schema: { $ref: '#/components/schemas/S0' } }] } },
          '/fine': { get: {} },
        },
        { components: { schemas } },
      ),
    );
    expect(api.tools.map(({ definition }) => definition.name)).toEqual(['get__fine']);
    expect(api.warnings.join('\n')).toContain('GET /deep: is left out');
  });
});

describe('a large document', () => {
  it('keeps every operation', () => {
    const paths: JsonObject = {};
    for (let at = 0; at < 900; at++) {
      paths[`/things/${at}/{id}`] = {
        post: {
          operationId: `thing${at}`,
          description: 'Does something with a thing. '.repeat(20),
          requestBody: {
            content: { 'application/json': { schema: { $ref: `#/components/schemas/Thing${at % 300}` } } },
          },
          responses: {
            200: { content: { 'application/json': { schema: { $ref: `#/components/schemas/Thing${at % 300}` } } } },
          },
        },
      };
    }
    const schemas = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [
        `Thing${at}`,
        {
          type: 'object',
          properties: { name: { type: 'string' }, next: { $ref: `#/components/schemas/Thing${(at + 1) % 20}` } },
        },
      ]),
    );
    expect(imported(withPaths(paths, { components: { schemas } })).tools).toHaveLength(900);
  });
});

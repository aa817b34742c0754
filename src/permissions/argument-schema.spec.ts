import { describe, expect, it } from '@jest/globals';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { ArgumentSchemas } from './argument-schema.js';

const schemas = new ArgumentSchemas();

function outcomeOf(inputSchema: JsonObject, changed: JsonObject): string {
  try {
    schemas.check({ name: 'tool', inputSchema }, changed);
    return 'fits';
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return error.code === 'invalid_arguments' ? error.publicMessage : `${error.code}: ${error.detail}`;
  }
}

const UNUSABLE = /^guardrail_unavailable: input schema of tool tool: /;

describe('ArgumentSchemas', () => {
  it('accepts what fits and names the arguments that do not', () => {
    const schema = {
      type: 'object',
      properties: { path: { type: 'string' }, 'a/b': { type: 'array', items: { type: 'integer' } } },
      required: ['path'],
      additionalProperties: false,
    };
    const message = (path: string): string => `The changed arguments do not fit the schema: ${path}`;
    expect(outcomeOf(schema, { path: '/tmp' })).toBe('fits');
    expect(outcomeOf(schema, { path: 1 })).toBe(message('path'));
    expect(outcomeOf(schema, {})).toBe(message('path'));
    expect(outcomeOf(schema, { path: '', 'a/b': [1, 'x'] })).toBe(message('a/b.1'));
    expect(outcomeOf(schema, { path: '', surplus: 1 })).toBe(message('surplus'));
    expect(outcomeOf({ maxProperties: 0 }, { path: '' })).toBe(message('arguments'));
  });

  it('checks arguments for an API, and leaves it to the API where the schema cannot be used', () => {
    const tool = { name: 'tool', inputSchema: { type: 'object', properties: { n: { type: 'integer' } } } };
    expect(() => schemas.checkCall(tool, { n: 1 })).not.toThrow();
    expect(() => schemas.checkCall(tool, { n: 'x' })).toThrow('The arguments do not fit the schema: n');
    const unusable = { name: 'tool', inputSchema: { properties: { s: { pattern: '^(?!a)' } } } };
    expect(() => schemas.checkCall(unusable, { s: 'a' })).not.toThrow();
  });

  it('does not take inherited members for arguments', () => {
    expect(outcomeOf({ required: ['constructor'] }, {})).toMatch(/constructor$/);
  });

  it.each([
    undefined,
    'https://json-schema.org/draft/2020-12/schema',
    'https://json-schema.org/draft/2019-09/schema#',
    'http://json-schema.org/draft-07/schema#',
    'http://json-schema.org/draft-06/schema#',
  ])('understands the dialect %s', ($schema) => {
    const schema: JsonObject = { type: 'object', properties: { size: { exclusiveMinimum: 0 } } };
    if ($schema !== undefined) schema.$schema = $schema;
    expect(outcomeOf(schema, { size: 1 })).toBe('fits');
    expect(outcomeOf(schema, { size: 0 })).toMatch(/size$/);
  });

  it('reads what only one dialect means by the schema that names it', () => {
    const prefix = { properties: { pair: { prefixItems: [{ type: 'string' }] } } };
    expect(outcomeOf(prefix, { pair: [1] })).toMatch(/pair\.0$/);
    const old = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: { pair: { items: [{ type: 'string' }] } },
    };
    expect(outcomeOf(old, { pair: [1] })).toMatch(/pair\.0$/);
  });

  it.each<[string, JsonObject]>([
    ['is not valid', { type: 5 }],
    ['has members that are no schemas', { properties: { a: 5 } }],
    ['is of an unknown dialect', { $schema: 'https://example.com/own' }],
    ['refers to another document', { $ref: 'https://example.com/schema.json' }],
    ['is asynchronous', { $async: true }],
    ['has a pattern that cannot run in linear time', { properties: { a: { pattern: '(?=x)y' } } }],
    ['is nested too deeply', nested(70)],
    ['is too large', { description: 'x'.repeat(300_000) }],
  ])('refuses the call when the schema %s', (_reason, schema) => {
    expect(outcomeOf(schema, {})).toMatch(UNUSABLE);
  });

  it('keeps the ids of one schema from another', () => {
    expect(outcomeOf({ $id: 'https://example.com/a', $defs: { b: { $id: 'https://example.com/b' } } }, {})).toBe(
      'fits',
    );
    expect(outcomeOf({ $id: 'https://example.com/a', minProperties: 1 }, {})).toMatch(/arguments$/);
    expect(outcomeOf({ $ref: 'https://example.com/b' }, {})).toMatch(UNUSABLE);
  });

  it('runs patterns on text that makes a backtracking engine hang', () => {
    const schema = { properties: { a: { pattern: '^(a+)+$' } } };
    expect(outcomeOf(schema, { a: `${'a'.repeat(20_000)}!` })).toMatch(/a$/);
    expect(outcomeOf(schema, { a: 'aaa' })).toBe('fits');
  });

  it('stops a schema that would take for ever to apply', () => {
    const $defs: JsonObject = { d60: { type: 'string' } };
    for (let index = 0; index < 60; index++) {
      const next = { $ref: `#/$defs/d${index + 1}` };
      $defs[`d${index}`] = { anyOf: [next, next] };
    }
    expect(outcomeOf({ $defs, properties: { a: { $ref: '#/$defs/d0' } } }, { a: 1 })).toMatch(UNUSABLE);
    expect(outcomeOf({ type: 'object' }, {})).toBe('fits');
  });
});

function nested(depth: number): JsonObject {
  let schema: JsonObject = {};
  for (let index = 0; index < depth; index++) schema = { not: schema };
  return schema;
}

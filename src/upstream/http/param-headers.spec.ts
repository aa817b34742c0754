import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../common/json.js';
import { headerText, paramHeaderFault, paramHeadersOf, paramHeaderValues } from './param-headers.js';

const annotated = (type: string, name: string): JsonObject => ({ type, 'x-mcp-header': name });
const objectWith = (properties: JsonObject): JsonObject => ({ type: 'object', properties });

describe('Mcp-Param headers', () => {
  const schema = objectWith({
    region: annotated('string', 'Region'),
    limit: annotated('integer', 'Limit'),
    nested: objectWith({ dry: annotated('boolean', 'Dry-Run') }),
    plain: { type: 'string' },
  });
  const values = (args: JsonObject) => paramHeaderValues(paramHeadersOf(schema), args);

  it('repeat annotated arguments at any depth', () => {
    expect(values({ region: 'eu', limit: 5, nested: { dry: false }, plain: 'p' })).toEqual([
      'mcp-param-region',
      'eu',
      'mcp-param-limit',
      '5',
      'mcp-param-dry-run',
      'false',
    ]);
  });

  it('leave out what is absent, null or no primitive', () => {
    expect(values({ region: null, limit: { a: 1 }, nested: 'text' })).toEqual([]);
    expect(values({ limit: 2 ** 60 })).toEqual([]);
  });

  it('wrap what is no safe header value', () => {
    expect(values({ region: 'Zürich' })).toEqual(['mcp-param-region', '=?base64?WsO8cmljaA==?=']);
  });

  it.each([
    ['a number', objectWith({ a: annotated('number', 'A') })],
    ['an object', objectWith({ a: annotated('object', 'A') })],
    ['a property without a type', objectWith({ a: { 'x-mcp-header': 'A' } })],
    ['the arguments as a whole', { type: 'object', 'x-mcp-header': 'A' }],
    ['a name with a blank', objectWith({ a: annotated('string', 'A B') })],
    ['a line break in a name', objectWith({ a: annotated('string', 'A\r\nB') })],
    ['an empty name', objectWith({ a: annotated('string', '') })],
    ['a name that is used twice', objectWith({ a: annotated('string', 'A'), b: annotated('string', 'a') })],
    ['items of a list', objectWith({ a: { type: 'array', items: annotated('string', 'A') } })],
    ['a branch of oneOf', objectWith({ a: { oneOf: [annotated('string', 'A')] } })],
    ['a definition', { type: 'object', $defs: { d: annotated('string', 'A') } }],
    ['a property below if', { type: 'object', if: objectWith({ a: annotated('string', 'A') }) }],
  ])('refuse an annotation on %s', (_what, inputSchema: JsonObject) => {
    expect(paramHeaderFault(inputSchema)).not.toBeNull();
  });

  it('do not take a property of that name, or data, for an annotation', () => {
    const harmless = objectWith({ 'x-mcp-header': { type: 'number' }, b: { const: { 'x-mcp-header': 'A' } } });
    expect(paramHeaderFault(harmless)).toBeNull();
  });
});

describe('headerText', () => {
  it.each(['tool', 'a b\tc', 'x'])('keeps %j', (text) => {
    expect(headerText(text)).toBe(text);
  });

  it.each(['', ' padded', 'padded ', 'tschüß', 'line\nbreak', '=?base64?YQ==?='])('wraps %j', (text) => {
    const wrapped = headerText(text);
    expect(wrapped).toMatch(/^=\?base64\?[A-Za-z0-9+/=]*\?=$/);
    expect(Buffer.from(wrapped.slice(9, -2), 'base64').toString('utf8')).toBe(text);
  });
});

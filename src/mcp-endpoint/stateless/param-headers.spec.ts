import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../common/json.js';
import { assertParamsAgree } from './param-headers.js';

const tool = {
  name: 't',
  inputSchema: {
    type: 'object',
    properties: {
      count: { type: 'integer', 'x-mcp-header': 'Count' },
      dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
      where: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
      ratio: { type: 'number', 'x-mcp-header': 'Ratio' },
      constructor: { type: 'string' },
    },
  },
};
const agree = (args: JsonObject, headers: Record<string, string>) => () => assertParamsAgree(headers, tool, args, 1);

describe('assertParamsAgree', () => {
  it.each<[JsonObject, Record<string, string>]>([
    [{}, {}],
    [{}, { 'mcp-param-count': '9' }],
    [{ count: 42 }, { 'mcp-param-count': '42' }],
    [{ count: 42 }, { 'mcp-param-count': '42.0' }],
    [{ count: -1 }, { 'mcp-param-count': '=?base64?LTE=?=' }],
    [{ dry: false }, { 'mcp-param-dry': 'false' }],
    [{ where: { region: '' } }, { 'mcp-param-region': '' }],
    [{ where: null, ratio: 0.5, constructor: 'x' }, {}],
    [{ where: 'elsewhere' }, {}],
  ])('%o goes with %o', (args, headers) => {
    expect(agree(args, headers)).not.toThrow();
  });

  it.each<[JsonObject, Record<string, string>]>([
    [{ count: 42 }, {}],
    [{ count: 42 }, { 'mcp-param-count': '43' }],
    [{ count: 42 }, { 'mcp-param-count': '0x2a' }],
    [{ count: 0 }, { 'mcp-param-count': '' }],
    [{ dry: true }, { 'mcp-param-dry': 'True' }],
    [{ where: { region: 'eu' } }, { 'mcp-param-region': 'EU' }],
    [{ where: { region: '42' } }, { 'mcp-param-region': '42.0' }],
  ])('%o does not go with %o', (args, headers) => {
    expect(agree(args, headers)).toThrow('Header mismatch');
  });
});

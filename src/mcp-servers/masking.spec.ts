import { describe, expect, it } from '@jest/globals';
import { maskArguments, maskUrl, maskValues } from './masking.js';

describe('maskUrl', () => {
  it.each([
    ['https://mcp.example.com/v1/mcp', 'https://mcp.example.com/v1/mcp'],
    ['https://u:p@mcp.example.com:8443/', 'https://***@mcp.example.com:8443/'],
    ['https://a/x?key=1&b=&key=2', 'https://a/x?key=***&b=***&key=***'],
    ['https://a/ghp_abcdefgh12345678/mcp', 'https://a/***/mcp'],
    ['https://a/0123456789abcdef0123456789abcdef/mcp', 'https://a/***/mcp'],
    ['not a url', '***'],
  ])('%s is shown as %s', (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });
});

describe('maskArguments', () => {
  it.each([
    [
      ['-y', '@modelcontextprotocol/server-everything', 'stdio'],
      ['-y', '@modelcontextprotocol/server-everything', 'stdio'],
    ],
    [
      ['--api-key', 'x'],
      ['--api-key', '***'],
    ],
    [['--password=x'], ['--password=***']],
    [['TOKEN=x'], ['TOKEN=***']],
    [['--url=https://u@h/?a=b'], ['--url=https://***@h/?a=***']],
    [['sk-abcdefghijk'], ['***']],
  ])('%j is shown as %j', (args, shown) => {
    expect(maskArguments(args)).toEqual(shown);
  });
});

describe('maskValues', () => {
  it('keeps names only', () => {
    expect(maskValues({ A: 'secret', B: '' })).toEqual({ A: '***', B: '***' });
  });
});

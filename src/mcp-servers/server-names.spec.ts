import { describe, expect, it } from '@jest/globals';
import { conflictingName, displayNameFaults, nameFaults, normalizeName, type ServerNames } from './server-names.js';

const ID = 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001';
const named = (alias: string | null, name: string | null = null, id: string = ID): ServerNames => {
  return { server_id: id, server_name: name, alias };
};
const pathsOf = (names: ServerNames, separator = '-'): string[] => nameFaults(names, separator).map(({ path }) => path);

describe('nameFaults', () => {
  it.each(['everything', 'GitHub_2', 'my.server', '_x', 'a'])('accepts the alias %s', (alias) => {
    expect(pathsOf(named(alias))).toEqual([]);
  });

  it.each(['', ' ', 'a b', 'a-b', 'a/b', 'a,b', 'a:b', 'naïve', '..', '_', 'x'.repeat(65), 'a\n'])(
    'refuses the alias %p',
    (alias) => {
      expect(pathsOf(named(alias))).toEqual(['alias']);
    },
  );

  it.each(['mcp', 'MCP', 'v1', 'key', 'health', '.well-known', 'Toolset', 'sse'])('keeps %s for routes', (alias) => {
    expect(pathsOf(named(alias), '__')).toEqual(['alias']);
  });

  it('allows spaces in a name only, and reserves what they become', () => {
    expect(pathsOf(named(null, 'My Server'))).toEqual([]);
    expect(pathsOf(named(null, 'access group'))).toEqual(['server_name']);
    expect(pathsOf(named(null, ' x'))).toEqual(['server_name']);
  });

  it('keeps special values of grants from being ids', () => {
    expect(pathsOf(named(null, null, 'all-proxy-mcpservers'))).toEqual(['server_id']);
    expect(pathsOf(named(null, null, 'No-MCP-Servers'))).toEqual(['server_id']);
  });

  it('knows other separators, and names that would move the border', () => {
    expect(pathsOf(named('a-b'), '__')).toEqual([]);
    expect(pathsOf(named('a__b'), '__')).toEqual(['alias']);
    expect(pathsOf(named('acme_'), '__')).toEqual(['alias']);
    expect(pathsOf(named('_acme'), '__')).toEqual(['alias']);
  });
});

describe('conflictingName', () => {
  const others = [named('acme', 'Acme Tools', 'id-1'), named(null, 'web', 'id-2')];

  it.each([
    [named('ACME'), 'alias'],
    [named('acme_'), 'alias'],
    [named('acme.tools'), 'alias'],
    [named(null, 'ID_1'), 'server_name'],
    [named('x', 'Web'), 'server_name'],
    [named('x', null, 'web'), 'server_id'],
    [named('\uff41cme'), 'alias'],
  ])('%j conflicts in %s', (names, field) => {
    expect(conflictingName(names, others)).toBe(field);
  });

  it.each([named('acme_2'), named('web_scraper'), named(null, null)])('%j conflicts with none', (names) => {
    expect(conflictingName(names, others)).toBeNull();
  });

  it('does not take a server for another one', () => {
    expect(conflictingName(named('acme', 'acme'), [])).toBeNull();
  });
});

describe('normalizeName', () => {
  it.each([
    ['My.Server', 'my_server'],
    ['my  server', 'my_server'],
    ['_my__server_', 'my_server'],
  ])('%s is compared as %s', (name, normal) => {
    expect(normalizeName(name)).toBe(normal);
  });
});

describe('displayNameFaults', () => {
  it('accepts plain names', () => {
    expect(displayNameFaults({ echo: 'say', add: 'add-numbers_2' })).toEqual([]);
  });

  it('names the tools of bad and doubled names', () => {
    const faults = displayNameFaults({ a: 'with space', b: 'same', c: 'same', d: '' });
    expect(faults.map(({ path }) => path)).toEqual([
      'tool_name_to_display_name.a',
      'tool_name_to_display_name.c',
      'tool_name_to_display_name.d',
    ]);
  });
});

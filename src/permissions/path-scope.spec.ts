import { describe, expect, it } from '@jest/globals';
import { referencesIn, scopeOfPath } from './path-scope.js';

describe('scopeOfPath', () => {
  it.each(['/mcp', '/mcp/', '/sse', '/messages'])('%s asks for everything', (path) => {
    expect(scopeOfPath(path)).toEqual({ kind: 'all' });
  });

  it('tells the doors of servers, lists and toolsets apart', () => {
    expect(scopeOfPath('/alpha/mcp')).toEqual({ kind: 'server', reference: 'alpha' });
    expect(scopeOfPath('/alpha/mcp/')).toEqual({ kind: 'server', reference: 'alpha' });
    expect(scopeOfPath('/mcp/alpha, dev,')).toEqual({ kind: 'list', references: ['alpha', 'dev'] });
    expect(scopeOfPath('/toolset/triage/mcp')).toEqual({ kind: 'toolset', name: 'triage' });
  });

  it('decodes a segment once, and after the path was taken apart', () => {
    expect(scopeOfPath('/mcp/a%2Cb')).toEqual({ kind: 'list', references: ['a', 'b'] });
    expect(scopeOfPath('/a%2Fmcp/mcp')).toEqual({ kind: 'server', reference: 'a/mcp' });
    expect(scopeOfPath('/a%2541/mcp')).toEqual({ kind: 'server', reference: 'a%41' });
  });

  it('keeps a list that names nothing, so that it is refused instead of meaning everything', () => {
    expect(scopeOfPath('/mcp/,')).toEqual({ kind: 'list', references: [] });
    expect(scopeOfPath('/mcp/%20')).toEqual({ kind: 'list', references: [] });
  });

  it.each(['/', '/mcp/a/b', '/a/b/mcp', '/toolset/mcp/x', '/mcp//', '//mcp', '/%ff/mcp', '/MCP', '/docs'])(
    '%s is not an MCP door',
    (path) => {
      expect(scopeOfPath(path)).toBeNull();
    },
  );
});

describe('referencesIn', () => {
  it('trims names and drops blanks', () => {
    expect(referencesIn(' Beta , alpha,, ')).toEqual(['Beta', 'alpha']);
    expect(referencesIn('')).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { matchDoor } from './door-path.js';

describe('matchDoor', () => {
  it.each([
    ['/mcp', { kind: 'all' }],
    ['/mcp/', { kind: 'all' }],
    ['/mcp?x=1', { kind: 'all' }],
    ['/mcp/?x=/a/b', { kind: 'all' }],
    ['/mcp/alpha', { kind: 'list', references: ['alpha'] }],
    ['/mcp/alpha,beta?q', { kind: 'list', references: ['alpha', 'beta'] }],
    ['/mcp/alpha%2Cbeta', { kind: 'list', references: ['alpha', 'beta'] }],
    ['/mcp/mcp', { kind: 'list', references: ['mcp'] }],
    ['/mcp/,', { kind: 'list', references: [] }],
    ['/alpha/mcp', { kind: 'server', reference: 'alpha' }],
    ['/my%20server/mcp', { kind: 'server', reference: 'my server' }],
    ['/a%2Fb/mcp', { kind: 'server', reference: 'a/b' }],
    ['/toolset/triage/mcp', { kind: 'toolset', name: 'triage' }],
    ['/toolset/my%20tools/mcp?x=1', { kind: 'toolset', name: 'my tools' }],
    ['/toolset/a%2Fb/mcp', { kind: 'toolset', name: 'a/b' }],
    ['/toolset/mcp/mcp', { kind: 'toolset', name: 'mcp' }],
  ])('%s is a door', (target, scope) => {
    expect(matchDoor(target)?.scope).toEqual(scope);
  });

  it.each([
    ...['/', '', '*', '/mcpx', '/mcp-rest/tools/list', '/MCP', '/%6Dcp', '//mcp', '/mcp//', '/mcp/a/', '/mcp/a/b'],
    ...[
      '/alpha/mcp/',
      '/alpha/mcp/x',
      '/x/alpha/mcp',
      '/v1/mcp',
      '/V1/mcp',
      '/%76%31/mcp',
      '/docs/mcp',
      '/toolset/mcp',
    ],
    ...['/toolset//mcp', '/toolset/t', '/toolset/t/mcp/', '/toolset/a/b/mcp', '/toolset/%zz/mcp', '/TOOLSET/t/mcp'],
    ...['/.well-known/mcp', '/%zz/mcp', '/mcp/%ff', 'http://evil/mcp', '/alpha/mcp;x'],
  ])('%s is none', (target) => {
    expect(matchDoor(target)).toBeNull();
  });

  it('keeps the path for allowed routes and the query for the search for credentials', () => {
    expect(matchDoor('/mcp/?a=b?c')).toMatchObject({ route: '/mcp', query: 'a=b?c' });
    expect(matchDoor('/alpha/mcp?a')).toMatchObject({ route: '/alpha/mcp', query: 'a' });
  });
});

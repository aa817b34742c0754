import { describe, expect, it } from '@jest/globals';
import { coversRoute, isRouteEntry, routesBeyond, routesWithin } from './allowed-routes.js';

describe('coversRoute', () => {
  it.each([
    [[], '/key/generate', 'POST', true],
    [['/key/info'], '/key/info', 'GET', true],
    [['/key/info'], '/key/info/', 'GET', true],
    [['/key/info'], '/key/information', 'GET', false],
    [['/key/info'], '/KEY/INFO', 'GET', false],
    [['/key/*'], '/key/generate', 'POST', true],
    [['/key/*'], '/key', 'GET', false],
    [['/mcp*'], '/mcp-rest/tools/list', 'GET', true],
    [['*'], '/anything', 'DELETE', true],
    [['/a', '/b'], '/b', 'GET', true],
    [['mcp_routes'], '/mcp', 'POST', true],
    [['mcp_routes'], '/mcp/', 'POST', true],
    [['mcp_routes'], '/mcp/alpha,beta', 'POST', true],
    [['mcp_routes'], '/alpha/mcp', 'POST', true],
    [['mcp_routes'], '/toolset/t/mcp', 'POST', true],
    [['mcp_routes'], '/mcp-rest/tools/call', 'POST', true],
    [['mcp_routes'], '/sse', 'GET', true],
    [['mcp_routes'], '/messages', 'POST', true],
    [['mcp_routes'], '/v1/mcp/server', 'GET', true],
    [['mcp_routes'], '/v1/mcp/server', 'POST', false],
    [['mcp_routes'], '/v1/mcp', 'POST', false],
    [['mcp_routes'], '/key/info', 'GET', false],
    [['llm_api_routes'], '/v1/chat/completions', 'POST', true],
    [['llm_api_routes'], '/mcp', 'POST', false],
    [['info_routes'], '/key/info', 'GET', true],
    [['info_routes'], '/key/info', 'POST', false],
    [['info_routes'], '/key/generate', 'POST', false],
    [['management_routes'], '/key/generate', 'POST', true],
    [['management_routes'], '/v1/mcp/server', 'PUT', true],
    [['management_routes'], '/mcp', 'POST', false],
    [['unknown_group'], '/mcp', 'POST', false],
    [['constructor'], '/mcp', 'POST', false],
  ])('%j and %s %s: %s', (allowed, path, method, covered) => {
    expect(coversRoute(allowed, path, method)).toBe(covered);
  });

  it.each(['/mcp/../key/generate', '/mcp//x', '/mcp/%2e%2e/key', '/mcp/a%2fb', '/mcp/a\\b', '/mcp/.'])(
    'covers no path that can be read in two ways: %s',
    (path) => {
      expect(coversRoute(['/mcp*', 'mcp_routes', '*'], path)).toBe(false);
    },
  );
});

describe('isRouteEntry', () => {
  it.each(['mcp_routes', '/key/info', '/key/*', '/*', '*'])('accepts %s', (entry) => {
    expect(isRouteEntry(entry)).toBe(true);
  });

  it.each(['', 'key/info', '/a*b', '/a?b', '/a b', 'mcp_route', '**', 'toString'])('refuses %p', (entry) => {
    expect(isRouteEntry(entry)).toBe(false);
  });
});

describe('routesBeyond', () => {
  it.each<[string[], string[], string[]]>([
    [[], [], []],
    [['/mcp', 'management_routes'], [], []],
    [[], ['mcp_routes'], ['*']],
    [['mcp_routes', '/mcp', '/alpha/mcp'], ['mcp_routes'], []],
    [['mcp_routes'], ['*'], []],
    [['mcp_routes'], ['/mcp*'], ['mcp_routes']],
    [['/mcp*'], ['mcp_routes'], ['/mcp*']],
    [['/mcp/*', '/mcp/a'], ['/mcp*'], []],
    [['*', '/m*', '/mcp'], ['/mcp*'], ['*', '/m*']],
    [['/key/generate'], ['info_routes'], ['/key/generate']],
    [['/mcp/../key/generate'], ['/mcp*'], ['/mcp/../key/generate']],
  ])('of %j over %j are %j', (entries, own, beyond) => {
    expect(routesBeyond(entries, own)).toEqual(beyond);
  });
});

describe('what two lists have in common', () => {
  it.each<[string[], string[], string[] | null]>([
    [[], [], []],
    [['/key/*'], [], ['/key/*']],
    [[], ['mcp_routes'], ['mcp_routes']],
    [['*'], ['mcp_routes'], ['mcp_routes']],
    [['mcp_routes', 'management_routes'], ['mcp_routes'], ['mcp_routes']],
    [['/mcp', '/key/generate'], ['mcp_routes'], ['/mcp']],
    [['llm_api_routes'], ['mcp_routes'], null],
  ])('%j and %j: %j', (own, bounds, common) => {
    expect(routesWithin(own, bounds)).toEqual(common);
  });
});

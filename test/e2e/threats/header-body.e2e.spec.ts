import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeKey, registerServer } from '../support/management.js';
import { ThreatWorld } from './threat-world.js';

/** The doors of 2026-07-28, the only revision in which headers repeat the body. */
const DOORS = [
  ['/mcp', 'up-'],
  ['/up/mcp', ''],
  ['/mcp/up', ''],
] as const;
const VERSION = '2026-07-28';

let world: ThreatWorld;
let key: string;

beforeAll(async () => {
  world = await ThreatWorld.start({}, { echoes: ['secret'] });
  const server = await registerServer(world.gateway, { alias: 'up', url: world.upstream.url });
  key = await makeKey(world.gateway, { mcp_tool_permissions: { [server]: ['echo'] } });
});
afterAll(() => world.close());
beforeEach(() => world.upstream.requests.clear());

function send(
  path: string,
  named: string,
  executed: string,
  more: Record<string, string> = {},
): ReturnType<typeof world.as> {
  const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': named, ...more };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: executed, arguments: { text: 'x' }, _meta };
  const body = { jsonrpc: '2.0', id: 7, method: 'tools/call', params };
  return world.as(key, path, {
    method: 'POST',
    body,
    headers: { accept: 'application/json, text/event-stream', ...headers },
  });
}

describe.each(DOORS)('at %s', (path, prefix) => {
  it.each([
    ['names a granted tool and the body another one', 'echo', 'secret', {}],
    ['names another tool than the granted one of the body', 'secret', 'echo', {}],
    ['names another method', 'echo', 'echo', { 'mcp-method': 'tools/list' }],
    ['names another revision', 'echo', 'echo', { 'mcp-protocol-version': '2026-07-29' }],
  ])('a header that %s sends nothing', async (_what, named, executed, more) => {
    const answer = await send(path, prefix + named, prefix + executed, more);
    expect(world.upstream.callCount).toBe(0);
    expect(answer).toMatchObject({ status: 400, json: { id: 7, error: { code: -32020 } } });
  });

  it('the body alone decides what is executed', async () => {
    expect((await send(path, `${prefix}secret`, `${prefix}secret`)).text).toContain('-32602');
    expect(world.upstream.callCount).toBe(0);
    expect((await send(path, `${prefix}echo`, `${prefix}echo`)).status).toBe(200);
    expect(world.upstream.callCount).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../auth/principal.js';
import {
  level,
  mcpServer,
  policyWorld,
  principalWith,
  requestFor,
  snapshotOf,
} from '../../test/permissions/policy-fixtures.js';
import type { GrantedAccess } from './access-decision.js';
import type { AccessRequest } from './access-request.js';
import { decide } from './evaluator.js';

const alpha = mcpServer({ id: 'id-alpha', alias: 'alpha', name: 'alpha_service', accessGroups: ['dev', 'beta'] });
const beta = mcpServer({ id: 'id-beta', alias: 'beta', accessGroups: ['dev'] });
const world = policyWorld(snapshotOf([alpha, beta]));
const both = principalWith([level('key', { mcp_servers: ['id-alpha', 'id-beta'] })]);

function granted(principal: Principal, request: AccessRequest): GrantedAccess {
  const decision = decide(world, principal, request);
  if (!decision.granted) throw new Error(`refused: ${decision.code}`);
  return decision;
}

describe('decide', () => {
  it('names the single server of a path that means exactly one', () => {
    const byServer = granted(both, requestFor({ kind: 'server', reference: 'ALPHA' }));
    expect(byServer.single).toBe(byServer.servers.get('id-alpha'));
    const byList = granted(both, requestFor({ kind: 'list', references: ['alpha_service'] }));
    expect(byList.single?.server).toBe(alpha);
  });

  it('names none where tool names stay prefixed', () => {
    const single = (request: AccessRequest): unknown => granted(both, request).single;
    expect(single(requestFor())).toBeNull();
    expect(single(requestFor({ kind: 'all' }, { serversHeader: 'alpha' }))).toBeNull();
    expect(single(requestFor({ kind: 'list', references: ['alpha', 'beta'] }))).toBeNull();
    expect(single(requestFor({ kind: 'list', references: ['alpha', 'alpha'] }))).toBeNull();
    expect(single(requestFor({ kind: 'list', references: ['dev'] }))).toBeNull();
  });

  it('takes a name for the server before the group of that name', () => {
    const { servers } = granted(both, requestFor({ kind: 'list', references: ['beta'] }));
    expect([...servers.keys()]).toEqual(['id-beta']);
  });

  it('keeps the order of the registry, whatever the request asks for first', () => {
    const { servers } = granted(both, requestFor({ kind: 'list', references: ['beta', 'alpha'] }));
    expect([...servers.keys()]).toEqual(['id-alpha', 'id-beta']);
  });

  it('lets an explicit empty tool list win over another spelling of the same server', () => {
    const key = level('key', { mcp_tool_permissions: { alpha: ['read'], alpha_service: [] } });
    const access = granted(principalWith([key]), requestFor()).servers.get('id-alpha');
    expect(access?.allowsTool('read')).toBe(false);
  });

  it('never takes a special value for the name of a server', () => {
    const named = mcpServer({ id: 'id-odd', alias: 'all-team-mcpservers' });
    const odd = policyWorld(snapshotOf([named]));
    const key = level('key', { mcp_servers: ['all-team-mcpservers'] });
    const decision = decide(odd, principalWith([key]), requestFor());
    expect(decision.granted && [...decision.servers]).toEqual([]);
  });

  it('takes all-team-mcpservers for stale outside of the key', () => {
    const team = level('team', { mcp_servers: ['id-alpha'] });
    const user = level('user', { mcp_servers: ['all-team-mcpservers'] });
    expect(granted(principalWith([team, user]), requestFor()).servers.size).toBe(0);
  });

  it('tells reads from other requests when it looks at allowed_routes', () => {
    const reader = principalWith(both.levels, { allowedRoutes: ['mcp_routes'] });
    const route = '/v1/mcp/server';
    expect(decide(world, reader, requestFor(undefined, { route, method: 'GET' })).granted).toBe(true);
    expect(decide(world, reader, requestFor(undefined, { route }))).toEqual({
      granted: false,
      code: 'forbidden_route',
    });
  });

  it('fails when a caller has two levels of one kind', () => {
    const twice = principalWith([level('team', null), level('team', null)]);
    expect(() => decide(world, twice, requestFor())).toThrow('two levels of kind team');
  });
});

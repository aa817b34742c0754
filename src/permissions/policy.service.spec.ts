import { describe, expect, it } from '@jest/globals';
import { LevelsInMemory } from '../../test/auth/auth-fixtures.js';
import {
  level,
  mcpServer,
  principalWith,
  requestFor,
  snapshotOf,
  toolsetLookup,
} from '../../test/permissions/policy-fixtures.js';
import type { RegistrySnapshot } from '../mcp-servers/mcp-server.js';
import type { PolicyToolset } from './policy-world.js';
import { PolicyService } from './policy.service.js';

const alpha = mcpServer({ id: 'id-alpha', alias: 'alpha' });
const beta = mcpServer({ id: 'id-beta', alias: 'beta', availableOnPublicInternet: false });
const caller = principalWith([level('key', { mcp_servers: ['id-alpha', 'id-beta'] })]);

/** Toolsets that can be replaced. */
class ToolsetsInMemory {
  version = 0;
  #lookup = toolsetLookup([]);

  put(...toolsets: readonly PolicyToolset[]): void {
    this.#lookup = toolsetLookup(toolsets);
    this.version += 1;
  }

  byId(id: string): PolicyToolset | undefined {
    return this.#lookup.byId(id);
  }

  byName(name: string): PolicyToolset | undefined {
    return this.#lookup.byName(name);
  }
}

function triage(tools: Record<string, readonly string[]>): PolicyToolset {
  const entries = Object.entries(tools).map(([id, names]) => [id, new Set(names)] as const);
  return { id: 'id-triage', name: 'triage', tools: new Map(entries) };
}

function serviceOver(
  registry: { current: RegistrySnapshot },
  levels = new LevelsInMemory(),
  toolsets = new ToolsetsInMemory(),
): PolicyService {
  return new PolicyService({ trustedProxies: ['10.0.0.0/8'], toolPrefixSeparator: '-' }, registry, levels, toolsets);
}

describe('PolicyService', () => {
  it('gives the same decision until the registry changes', () => {
    const registry = { current: snapshotOf([alpha, beta]) };
    const service = serviceOver(registry);
    const first = service.access(caller, requestFor());
    expect(service.access(caller, requestFor())).toBe(first);
    registry.current = snapshotOf([alpha]);
    const second = service.access(caller, requestFor());
    expect(second.granted && [...second.servers.keys()]).toEqual(['id-alpha']);
    expect(service.access(caller, requestFor())).toBe(second);
  });

  it('decides anew for callers with access groups, and only for them, when the levels change', () => {
    const levels = new LevelsInMemory();
    levels.putAccessGroup('group', ['id-alpha']);
    const service = serviceOver({ current: snapshotOf([alpha, beta]) }, levels);
    const grouped = principalWith([level('key', null, { accessGroupIds: ['group'] })]);
    const [first, other] = [service.access(grouped, requestFor()), service.access(caller, requestFor())];
    expect(first.granted && [...first.servers.keys()]).toEqual(['id-alpha']);
    expect(service.access(grouped, requestFor())).toBe(first);
    levels.putAccessGroup('group', ['id-beta']);
    const second = service.access(grouped, requestFor());
    expect(second.granted && [...second.servers.keys()]).toEqual(['id-beta']);
    expect(service.access(caller, requestFor())).toBe(other);
  });

  it('decides anew for callers with toolsets, and only for them, when the toolsets change', () => {
    const toolsets = new ToolsetsInMemory();
    toolsets.put(triage({ 'id-alpha': ['read'] }));
    const service = serviceOver({ current: snapshotOf([alpha, beta]) }, undefined, toolsets);
    const holder = principalWith([level('key', { mcp_toolsets: ['id-triage'] })]);
    const [first, other] = [service.access(holder, requestFor()), service.access(caller, requestFor())];
    expect(first.granted && [...first.servers.keys()]).toEqual(['id-alpha']);
    expect(service.access(holder, requestFor())).toBe(first);
    toolsets.put(triage({ 'id-beta': ['read'] }));
    const second = service.access(holder, requestFor());
    expect(second.granted && [...second.servers.keys()]).toEqual(['id-beta']);
    toolsets.put();
    const third = service.access(holder, requestFor());
    expect(third.granted && [...third.servers.keys()]).toEqual([]);
    expect(service.access(caller, requestFor())).toBe(other);
  });

  it('decides anew on the door of a toolset for everybody', () => {
    const toolsets = new ToolsetsInMemory();
    toolsets.put(triage({ 'id-alpha': ['read'] }));
    const service = serviceOver({ current: snapshotOf([alpha, beta]) }, undefined, toolsets);
    const admin = principalWith([], { role: 'proxy_admin' });
    const door = requestFor({ kind: 'toolset', name: 'triage' });
    const first = service.access(admin, door);
    expect(first.granted && [...first.servers.keys()]).toEqual(['id-alpha']);
    toolsets.put();
    expect(service.access(admin, door)).toEqual({ granted: false, code: 'forbidden_scope' });
  });

  it('keeps callers, scopes, headers and origins apart', () => {
    const service = serviceOver({ current: snapshotOf([alpha, beta]) });
    const other = principalWith([level('key', { mcp_servers: ['id-alpha'] })]);
    const decisions = [
      service.access(caller, requestFor()),
      service.access(other, requestFor()),
      service.access(caller, requestFor(undefined, { external: true })),
      service.access(caller, requestFor(undefined, { serversHeader: 'alpha' })),
      service.access(caller, requestFor(undefined, { serversHeader: '' })),
      service.access(caller, requestFor({ kind: 'server', reference: 'alpha' })),
      service.access(caller, requestFor({ kind: 'list', references: ['alpha'] })),
      service.access(caller, requestFor({ kind: 'list', references: ['alpha,beta'] })),
      service.access(caller, requestFor({ kind: 'list', references: ['alpha', 'beta'] })),
      service.access(caller, requestFor({ kind: 'toolset', name: 'alpha' })),
    ];
    expect(new Set(decisions).size).toBe(decisions.length);
  });

  it('looks at allowed_routes for every route', () => {
    const service = serviceOver({ current: snapshotOf([alpha]) });
    const restricted = principalWith(caller.levels, { allowedRoutes: ['/mcp'] });
    expect(service.access(restricted, requestFor()).granted).toBe(true);
    const elsewhere = requestFor(undefined, { route: '/mcp-rest/tools/list' });
    expect(service.access(restricted, elsewhere)).toEqual({ granted: false, code: 'forbidden_route' });
  });

  it('decides on scopes that are too many or too long to remember', () => {
    const service = serviceOver({ current: snapshotOf([alpha]) });
    const first = service.access(caller, requestFor());
    for (let index = 0; index < 100; index++) {
      const decision = service.access(caller, requestFor({ kind: 'server', reference: `nosuch-${index}` }));
      expect(decision).toEqual({ granted: false, code: 'forbidden_scope' });
    }
    expect(service.access(caller, requestFor())).not.toBe(first);
    const long = requestFor({ kind: 'list', references: Array.from({ length: 500 }, () => 'alpha') });
    expect(service.access(caller, long)).toMatchObject({ granted: true });
  });

  it('forgets the caller that called longest ago, so that its memory does not grow with the number of keys', () => {
    const service = serviceOver({ current: snapshotOf([alpha, beta]) });
    const first = service.access(caller, requestFor());
    const others = Array.from({ length: 10_000 }, () => principalWith(caller.levels));
    const last = others.map((other) => service.access(other, requestFor())).at(-1);
    expect(service.access(others.at(-1) ?? caller, requestFor())).toBe(last);
    const again = service.access(caller, requestFor());
    expect(again).not.toBe(first);
    expect(again.granted && [...again.servers.keys()]).toEqual(['id-alpha', 'id-beta']);
  });

  it('refuses everything when deciding fails, and tries again', () => {
    const broken: RegistrySnapshot = {
      ...snapshotOf([alpha]),
      resolve: () => {
        throw new Error('out of order');
      },
    };
    const registry = { current: broken };
    const service = serviceOver(registry);
    const one = requestFor({ kind: 'server', reference: 'alpha' });
    expect(service.access(caller, one)).toEqual({ granted: false, code: 'forbidden_scope' });
    const all = service.access(caller, requestFor());
    expect(() => all.granted && all.servers.get('id-alpha')).toThrow('out of order');
    expect(() => all.granted && [...all.servers]).toThrow('out of order');
    registry.current = snapshotOf([alpha]);
    expect(service.access(caller, one)).toMatchObject({ granted: true });
    const mended = service.access(caller, requestFor());
    expect(mended.granted && mended.servers.has('id-alpha')).toBe(true);
  });

  it('counts X-Forwarded-For of trusted proxies only', () => {
    const service = serviceOver({ current: snapshotOf([]) });
    expect(service.externalAddress('10.0.0.1', '203.0.113.7')).toEqual({ address: '203.0.113.7', external: true });
    expect(service.externalAddress('127.0.0.1', '203.0.113.7')).toEqual({ address: '127.0.0.1', external: false });
    expect(service.externalAddress('10.0.0.1', 'null')).toEqual({ address: null, external: true });
    expect(service.externalAddress('10.0.0.1', null)).toEqual({ address: '10.0.0.1', external: false });
  });
});

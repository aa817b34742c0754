import { describe, expect, it } from '@jest/globals';
import {
  mcpServer,
  policyWorld,
  principalWith,
  level,
  requestFor,
  snapshotOf,
} from '../../test/permissions/policy-fixtures.js';
import type { GrantedAccess } from './access-decision.js';
import { decide } from './evaluator.js';

const [alpha, beta, gamma] = ['alpha', 'beta', 'gamma'].map((id) => mcpServer({ id }));
const servers = [alpha, beta, gamma].filter((server) => server !== undefined);
const caller = principalWith([level('key', { mcp_servers: ['gamma', 'alpha'] })]);

function allowed(): GrantedAccess['servers'] {
  const decision = decide(policyWorld(snapshotOf(servers)), caller, requestFor());
  if (!decision.granted) throw new Error('refused');
  return decision.servers;
}

describe('AllowedServers', () => {
  it('reads like a map in the order of the registry, whatever was asked for first', () => {
    const map = allowed();
    expect(map.get('gamma')?.server).toBe(gamma);
    expect(map.size).toBe(2);
    expect([...map.keys()]).toEqual(['alpha', 'gamma']);
    expect([...map.values()].map(({ server }) => server)).toEqual([alpha, gamma]);
    expect([...map].map(([id]) => id)).toEqual(['alpha', 'gamma']);
    const seen: string[] = [];
    map.forEach((_access, id) => seen.push(id));
    expect(seen).toEqual(['alpha', 'gamma']);
  });

  it('gives one answer for a server, alone and among all', () => {
    const map = allowed();
    const alone = map.get('alpha');
    expect([...map.values()][0]).toBe(alone);
    expect(map.get('alpha')).toBe(alone);
  });

  it('has neither servers that are not allowed nor any that are not there', () => {
    const map = allowed();
    for (const id of ['beta', 'nosuch', '__proto__']) {
      expect(map.has(id)).toBe(false);
      expect(map.get(id)).toBeUndefined();
    }
  });
});

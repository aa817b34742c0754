import { describe, expect, it } from '@jest/globals';
import { faultsIn } from './redis-durability.js';

const info = (policy: string, aof: string): string =>
  ['# Memory', 'maxmemory:0', `maxmemory_policy:${policy}`, '# Persistence', `aof_enabled:${aof}`, ''].join('\r\n');

describe('settings of Redis', () => {
  it('that keep jobs are not reported', () => {
    expect(faultsIn(info('noeviction', '1'))).toEqual([]);
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('that let jobs be evicted are reported: %s', (policy) => {
    expect(faultsIn(info(policy, '1'))).toEqual([
      `Redis may throw jobs away when its memory is full: set maxmemory-policy to noeviction, not ${policy}.`,
    ]);
  });

  it('that lose jobs at a restart are reported', () => {
    expect(faultsIn(info('noeviction', '0'))).toEqual([
      'Redis loses the jobs of the last minutes when it is restarted: set appendonly to yes.',
    ]);
  });

  it('that a server does not tell are not reported', () => {
    expect(faultsIn('# Server\r\n')).toEqual([]);
  });
});

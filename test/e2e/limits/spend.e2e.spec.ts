import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SpendLedger } from '../../../src/limits/spend-ledger.js';
import { SpendStore } from '../../../src/limits/spend-store.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const COSTS = { tool_name_to_cost_per_query: { echo: 0.5 }, default_cost_per_query: 2 };

interface SpendRow {
  level_kind: string;
  level_id: string;
  amount: number;
}

describe.each(availableBackends())('costs of calls on $name', (backend) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend);
    await registerServer(gateway, {
      alias: 'paid',
      url: upstream.url,
      mcp_info: { mcp_server_cost_info: COSTS },
      allowed_params: { add: ['a', 'b'] },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  async function spend(): Promise<SpendRow[]> {
    await gateway.app.get(SpendLedger, { strict: false }).sync();
    return gateway.sql<SpendRow>('SELECT level_kind, level_id, amount FROM spend ORDER BY 1, 2');
  }

  it('are charged once for each call that was sent, at every door, and not for refusals', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['paid'] });
    const call = { key, server: 'paid', tool: 'echo', arguments: { text: 'a' } };
    const doors = [...MCP_DOORS, REST_DOOR];
    for (const door of doors) await door.call(gateway.url, { ...call, requestId: randomUUID() });
    await REST_DOOR.call(gateway.url, { ...call, tool: 'crash', requestId: randomUUID() });
    await REST_DOOR.call(gateway.url, { ...call, tool: 'nosuch', requestId: randomUUID() });
    await REST_DOOR.call(gateway.url, { ...call, tool: 'add', arguments: { c: 1 }, requestId: randomUUID() });
    const rows = await spend();
    expect(rows).toEqual([{ level_kind: 'key', level_id: expect.any(String), amount: doors.length * 0.5 + 2 }]);
  });

  it('are added up by several writers at the same time', async () => {
    const store = gateway.app.get(SpendStore, { strict: false });
    const levels = Array.from({ length: 20 }, (_, index) => ({ level_kind: 'team' as const, level_id: `t-${index}` }));
    const added = levels.map((name) => ({ ...name, amount: 0.25 }));
    const writers = Array.from({ length: 20 }, (_, index) => store.add(index % 2 === 0 ? added : added.toReversed()));
    await Promise.all(writers);
    const sums = await store.read(levels);
    expect(sums).toHaveLength(20);
    expect(sums.every(({ amount }) => amount === 5)).toBe(true);
    await expect(store.read([{ level_kind: 'user', level_id: 't-1' }])).resolves.toEqual([]);
  });
});

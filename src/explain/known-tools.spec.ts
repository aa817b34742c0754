import { describe, expect, it } from '@jest/globals';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import type { ServerCatalog } from '../catalog/catalog.types.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { KnownTools } from './known-tools.js';

const ALPHA = mcpServer({ id: 'id-alpha' });
const DOWN = mcpServer({ id: 'id-down' });

describe('KnownTools', () => {
  it('asks every server once, also one that cannot be listed', async () => {
    const asked: string[] = [];
    const load = (server: McpServer): Promise<ServerCatalog> => {
      asked.push(server.id);
      const names = server === ALPHA ? ['read', 'write'] : [];
      const byName = new Map(names.map((name) => [name, { name, inputSchema: {} }]));
      return Promise.resolve({ server, status: 'ok', fault: null, tools: [...byName.values()], byName, fetchedAt: 1 });
    };
    const tools = new KnownTools({ load });
    expect(tools.of(ALPHA)).toEqual([]);
    await tools.load([ALPHA, DOWN, ALPHA]);
    await tools.load([DOWN, ALPHA]);
    expect(asked).toEqual(['id-alpha', 'id-down']);
    expect(tools.of(ALPHA)).toEqual(['read', 'write']);
    expect(tools.of(DOWN)).toEqual([]);
  });
});

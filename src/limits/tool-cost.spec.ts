import { describe, expect, it } from '@jest/globals';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import type { JsonValue } from '../common/json.js';
import { costOf } from './tool-cost.js';

function costs(info: JsonValue, tool = 'search'): number {
  return costOf(mcpServer({ id: 'id-1', mcpInfo: { mcp_server_cost_info: info } }), tool);
}

describe('costOf', () => {
  it('prefers the tool, then the default, then nothing', () => {
    const info = { tool_name_to_cost_per_query: { search: 0.5, free: 0 }, default_cost_per_query: 0.1 };
    expect(costs(info)).toBe(0.5);
    expect(costs(info, 'free')).toBe(0);
    expect(costs(info, 'other')).toBe(0.1);
    expect(costs({})).toBe(0);
    expect(costOf(mcpServer({ id: 'id-1' }), 'search')).toBe(0);
  });

  it('takes no notice of what is no cost', () => {
    expect(costs({ tool_name_to_cost_per_query: { search: '1' }, default_cost_per_query: 2 })).toBe(2);
    expect(costs({ tool_name_to_cost_per_query: { search: -1 }, default_cost_per_query: -1 })).toBe(0);
    expect(costs({ tool_name_to_cost_per_query: [1], default_cost_per_query: null })).toBe(0);
    expect(costs({ tool_name_to_cost_per_query: {} }, 'constructor')).toBe(0);
    expect(costs([])).toBe(0);
  });
});

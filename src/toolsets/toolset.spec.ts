import { describe, expect, it } from '@jest/globals';
import { distinctTools, toolsByServer } from './toolset.js';

const tool = (server_id: string, tool_name: string) => ({ server_id, tool_name });

describe('the tools of a toolset', () => {
  it('are kept once, in order, with nothing besides', () => {
    const tools = [tool('b', 'x'), tool('a', 'x'), { ...tool('b', 'x'), more: 1 }, tool('b', 'X')];
    expect(distinctTools(tools)).toEqual([tool('b', 'x'), tool('a', 'x'), tool('b', 'X')]);
  });

  it('are not mixed up when a name holds what could separate it', () => {
    expect(distinctTools([tool('a","b', 'c'), tool('a', 'b","c')])).toHaveLength(2);
  });

  it('are found by server', () => {
    const byServer = toolsByServer([tool('a', 'x'), tool('b', 'x'), tool('a', 'y')]);
    expect([...byServer].map(([id, names]) => [id, [...names]])).toEqual([
      ['a', ['x', 'y']],
      ['b', ['x']],
    ]);
  });
});

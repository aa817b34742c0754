import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../common/json.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import { differencesOf, pinHash, pinnedPart } from './pinned-definition.js';

const aTool = (members: JsonObject = {}): ToolDefinition => ({
  name: 'echo',
  description: 'Repeats',
  inputSchema: { type: 'object', properties: { text: { type: 'string' }, times: { type: 'integer' } } },
  ...members,
});

function deep(levels: number): JsonObject {
  let schema: JsonObject = {};
  for (let level = 0; level < levels; level++) schema = { properties: schema };
  return schema;
}

describe('the hash of a definition', () => {
  it('does not depend on the order of keys, nor on members that nobody acts on', () => {
    const shuffled = {
      inputSchema: { properties: { times: { type: 'integer' }, text: { type: 'string' } }, type: 'object' },
      ...{ _meta: { seen: 1 }, icons: [], description: 'Repeats', name: 'echo' },
    };
    expect(pinHash(shuffled)).toBe(pinHash(aTool()));
    expect(pinHash(aTool())).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, JsonObject]>([
    ['name', { name: 'Echo' }],
    ['title', { title: '' }],
    ['description', { description: 'Repeats ' }],
    ['a type in the input schema', { inputSchema: { type: 'object', properties: { text: { type: 'number' } } } }],
    ['output schema', { outputSchema: {} }],
    ['annotations', { annotations: { destructiveHint: false } }],
    ['an order in a list', { inputSchema: { type: ['object', 'null'] } }],
  ])('depends on %s', (_, members) => {
    expect(pinHash(aTool(members))).not.toBe(pinHash(aTool()));
  });

  it('is none for what cannot be stored or followed', () => {
    expect(pinHash(aTool({ name: 'nul\0' }) as ToolDefinition)).toBeNull();
    expect(pinHash(aTool({ name: '\ud800' }) as ToolDefinition)).toBeNull();
    expect(pinHash(aTool({ inputSchema: deep(100_000) }))).toBeNull();
    expect(pinHash(aTool({ inputSchema: deep(100) }))).not.toBeNull();
  });

  it('costs next to nothing the second time', () => {
    const tool = aTool({ description: 'x'.repeat(100_000) });
    pinHash(tool);
    const started = performance.now();
    for (let round = 0; round < 10_000; round++) pinHash(tool);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('the difference of two definitions', () => {
  it('names the members with both values', () => {
    const current = aTool({ description: 'Repeats and sends', annotations: { readOnlyHint: true } });
    expect(differencesOf(pinnedPart(aTool()), pinnedPart(current))).toEqual([
      { member: 'description', pinned: 'Repeats', current: 'Repeats and sends' },
      { member: 'annotations', pinned: null, current: { readOnlyHint: true } },
    ]);
  });
});

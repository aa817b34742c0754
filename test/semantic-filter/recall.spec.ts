import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { ListedTool } from '../../src/catalog/catalog.types.js';
import { NO_SEMANTIC_FILTER } from '../../src/config/parse-semantic-filter.js';
import { LexicalRanker } from '../../src/semantic-filter/lexical-ranker.js';
import { mcpServer } from '../permissions/policy-fixtures.js';

/** Rows of a file, without comments. */
function rows(file: string): string[][] {
  const lines = readFileSync(`test/semantic-filter/${file}`, 'utf8').trim().split('\n');
  return lines.filter((line) => !line.startsWith('#')).map((line) => line.split('|'));
}

const TOOLS = rows('labelled-tools.txt').map(([server = '', name = '', description = '']): ListedTool => ({
  publicName: `${server}-${name}`,
  server: mcpServer({ id: server, name: server }),
  tool: { name, description, inputSchema: { type: 'object' } },
}));
const QUERIES = rows('labelled-queries.txt').map(([query = '', names = '']) => ({ query, right: names.split(' ') }));

describe('tools by words, on the labelled set', () => {
  it('has tools and queries that fit together', () => {
    expect(TOOLS.length).toBeGreaterThanOrEqual(150);
    expect(QUERIES).toHaveLength(100);
    const names = new Set(TOOLS.map(({ publicName }) => publicName));
    expect(QUERIES.flatMap(({ right }) => right).filter((name) => !names.has(name))).toEqual([]);
  });

  it('finds a right tool among the ten that it keeps for nearly every query', async () => {
    const ranker = new LexicalRanker();
    const { topK, similarityThreshold } = NO_SEMANTIC_FILTER;
    const wanted = new Set(TOOLS.map(({ publicName }) => publicName));
    let first = 0;
    let kept = 0;
    const missed: string[] = [];
    for (const { query, right } of QUERIES) {
      const ranked = await ranker.rank({ query, listed: TOOLS, wanted });
      const selected = ranked.filter(({ score }) => score >= similarityThreshold).slice(0, topK);
      kept += selected.length;
      if (right.includes(selected[0]?.name ?? '')) first++;
      if (!selected.some(({ name }) => right.includes(name))) missed.push(query);
    }
    const measured = {
      recall: 1 - missed.length / QUERIES.length,
      first: first / QUERIES.length,
      kept: kept / QUERIES.length,
    };
    if (process.env['SHOW_RECALL'] === 'true')
      process.stdout.write(`${JSON.stringify({ ...measured, missed }, null, 2)}\n`);
    expect(measured.recall).toBeGreaterThanOrEqual(0.9);
    expect(measured.first).toBeGreaterThanOrEqual(0.7);
    expect(measured.kept).toBeLessThanOrEqual(topK);
  });
});

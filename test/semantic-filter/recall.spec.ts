import { describe, expect, it } from '@jest/globals';
import { NO_SEMANTIC_FILTER } from '../../src/config/parse-semantic-filter.js';
import { LexicalRanker } from '../../src/semantic-filter/lexical-ranker.js';
import { LABELLED_QUERIES, LABELLED_TOOLS, measureRecall, show } from './labelled-set.js';

describe('tools by words, on the labelled set', () => {
  it('has tools and queries that fit together', () => {
    expect(LABELLED_TOOLS.length).toBeGreaterThanOrEqual(150);
    expect(LABELLED_QUERIES).toHaveLength(100);
    const names = new Set(LABELLED_TOOLS.map(({ publicName }) => publicName));
    expect(LABELLED_QUERIES.flatMap(({ right }) => right).filter((name) => !names.has(name))).toEqual([]);
  });

  it('finds a right tool among the ten that it keeps for nearly every query', async () => {
    const ranker = new LexicalRanker();
    const { topK, similarityThreshold } = NO_SEMANTIC_FILTER;
    const wanted = new Set(LABELLED_TOOLS.map(({ publicName }) => publicName));
    const measured = await measureRecall(async (query) => {
      const ranked = await ranker.rank({ query, listed: LABELLED_TOOLS, wanted });
      const fitting = ranked.filter(({ score }) => score >= similarityThreshold);
      return fitting.slice(0, topK).map(({ name }) => name);
    });
    show({ by: 'words', ...measured });
    expect(measured.recall).toBeGreaterThanOrEqual(0.9);
    expect(measured.first).toBeGreaterThanOrEqual(0.7);
    expect(measured.kept).toBeLessThanOrEqual(topK);
  });
});

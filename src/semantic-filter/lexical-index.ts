import { setImmediate as turn } from 'node:timers/promises';
import MiniSearch, { type SearchResult } from 'minisearch';
import type { ListedTool } from '../catalog/catalog.types.js';
import { searchTerms } from './search-terms.js';
import type { RankedTool, RankRequest } from './tool-ranker.js';
import { toolText, type ToolText } from './tool-text.js';

/** Tools that are indexed without a break, so that other work is not held up. */
const CHUNK = 100;
/** Longer queries are cut: their end repeats what their beginning says. */
const LONGEST_QUERY = 2_000;
/** A typing error is only looked for in words of at least this length, of which one letter may be wrong. */
const SHORTEST_MISSPELT = 6;
/** A word that more than one of so many tools has tells little, and costs the most to look up. */
const COMMON = 20;
/** In shorter lists every word counts. */
const SMALLEST_WITH_COMMON = 500;

interface IndexedTool extends ToolText {
  readonly id: number;
}

/** BM25 over the words of one list of tools. */
export class LexicalIndex {
  private readonly index: MiniSearch<IndexedTool>;
  /** How many tools have a term. */
  private readonly frequencies = new Map<string, number>();

  private constructor(private readonly names: readonly string[]) {
    this.index = new MiniSearch({
      fields: ['name', 'description', 'parameters'],
      tokenize: (terms) => terms.split(' '),
      processTerm: (term) => term,
      searchOptions: { boost: { name: 3, description: 2 } },
    });
  }

  static async of(tools: readonly ListedTool[]): Promise<LexicalIndex> {
    const built = new LexicalIndex(tools.map(({ publicName }) => publicName));
    for (let start = 0; start < tools.length; start += CHUNK) {
      if (start > 0) await turn();
      tools.slice(start, start + CHUNK).forEach((tool, at) => built.add(start + at, toolText(tool)));
    }
    return built;
  }

  /** Scores are relative to the best tool, which has 1. A tool that shares no word with the query is left out. */
  rank(query: string, wanted: RankRequest['wanted']): RankedTool[] {
    const terms = this.telling(new Set(searchTerms(query.slice(0, LONGEST_QUERY))));
    const filter = ({ id }: SearchResult): boolean => wanted.has(this.names[Number(id)] ?? '');
    const exact = this.index.search(terms.join(' '), { filter });
    const found = exact.length > 0 ? exact : this.index.search(terms.join(' '), { filter, fuzzy: mistakesIn });
    const best = found[0]?.score ?? 1;
    return found.map(({ id, score }) => ({ name: this.names[Number(id)] ?? '', score: score / best }));
  }

  private add(id: number, { name, description, parameters }: ToolText): void {
    const terms = [name, description, parameters].map(searchTerms);
    const [ofName = '', ofDescription = '', ofParameters = ''] = terms.map((found) => found.join(' '));
    this.index.add({ id, name: ofName, description: ofDescription, parameters: ofParameters });
    for (const term of new Set(terms.flat())) this.frequencies.set(term, (this.frequencies.get(term) ?? 0) + 1);
  }

  /** The terms that tell tools apart; all of them when none does. */
  private telling(terms: ReadonlySet<string>): string[] {
    const limit = this.names.length < SMALLEST_WITH_COMMON ? Infinity : this.names.length / COMMON;
    const known = (term: string): number => this.frequencies.get(term) ?? 0;
    const telling = [...terms].filter((term) => known(term) <= limit);
    return telling.some((term) => known(term) > 0) ? telling : [...terms];
  }
}

function mistakesIn(term: string): number {
  return term.length >= SHORTEST_MISSPELT ? 1 : 0;
}

import { readFileSync } from 'node:fs';
import type { ListedTool } from '../../src/catalog/catalog.types.js';
import { mcpServer } from '../permissions/policy-fixtures.js';

/** What a user says, and the public names of the tools that can do it. */
export interface LabelledQuery {
  readonly query: string;
  readonly right: readonly string[];
}

/** 165 tools of 38 servers, as their servers describe them. */
export const LABELLED_TOOLS = rows('labelled-tools.txt').map(
  ([server = '', name = '', description = '']): ListedTool => ({
    publicName: `${server}-${name}`,
    server: mcpServer({ id: server, name: server }),
    tool: { name, description, inputSchema: { type: 'object' } },
  }),
);

export const LABELLED_QUERIES = rows('labelled-queries.txt').map(([query = '', names = '']): LabelledQuery => ({
  query,
  right: names.split(' '),
}));

/** Rows of a file, without comments. */
function rows(file: string): string[][] {
  const lines = readFileSync(`test/semantic-filter/${file}`, 'utf8').trim().split('\n');
  return lines.filter((line) => !line.startsWith('#')).map((line) => line.split('|'));
}

/** Prints what was measured, when it is asked for with `SHOW_RECALL=true`. */
export function show(measured: object): void {
  if (process.env['SHOW_RECALL'] === 'true') process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
}

/** How well something that selects tools for a query does on the set. */
export interface Recall {
  /** Share of the queries for which a right tool was selected. */
  readonly recall: number;
  /** Share of the queries whose first tool is a right one. */
  readonly first: number;
  /** Tools that were selected, on average. */
  readonly kept: number;
  readonly missed: readonly string[];
}

/** @param select public names, best first */
export async function measureRecall(select: (query: string) => Promise<readonly string[]>): Promise<Recall> {
  let first = 0;
  let kept = 0;
  const missed: string[] = [];
  for (const { query, right } of LABELLED_QUERIES) {
    const selected = await select(query);
    kept += selected.length;
    if (right.includes(selected[0] ?? '')) first++;
    if (!selected.some((name) => right.includes(name))) missed.push(query);
  }
  const all = LABELLED_QUERIES.length;
  return { recall: 1 - missed.length / all, first: first / all, kept: kept / all, missed };
}

// Ranks 10,000 tools in this process: by words, and by vectors without the request to the model.
// Needs --expose-gc. Tells its figures to the parent.
import { readFileSync } from 'node:fs';
import { EmbeddingRanker } from '../../../dist/src/semantic-filter/embedding-ranker.js';
import { LexicalRanker } from '../../../dist/src/semantic-filter/lexical-ranker.js';
import { ToolVectors } from '../../../dist/src/semantic-filter/tool-vectors.js';
import { quantile } from '../statistics.mjs';

const TOOLS = 10_000;
const DIMENSIONS = 1_536;
/** The first queries are for machine code only. */
const WARM_UP = 20;
const rows = (file) =>
  readFileSync(new URL(`../../semantic-filter/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split('|'));
const seeds = rows('labelled-tools.txt');
const queries = rows('labelled-queries.txt').map(([query]) => query);
const listed = Array.from({ length: TOOLS }, (_, index) => toolOf(index));
const wanted = new Set(listed.map(({ publicName }) => publicName));

process.send({ words: await byWords(), vectors: await byVectors() });
process.disconnect();

/** Tools of many servers that are like each other, as those of many teams are. */
function toolOf(index) {
  const [server, name, description] = seeds[index % seeds.length];
  const team = `team${Math.floor(index / seeds.length)}`;
  const properties = { [`${name}_id`]: { type: 'string', description: `Id for ${name} of ${team}` } };
  const tool = { name, description: `${description} (${team})`, inputSchema: { type: 'object', properties } };
  return { publicName: `${server}${index}-${name}`, server: {}, tool };
}

async function byWords() {
  const before = heapMiB();
  const startedAt = performance.now();
  const ranker = new LexicalRanker();
  await ranker.rank({ query: queries[0], listed, wanted });
  const coldMs = performance.now() - startedAt;
  const figures = { coldMs, ...(await rank(ranker)), mib: heapMiB() - before };
  return figures;
}

async function byVectors() {
  const vectors = (count) => Array.from({ length: count }, randomVector);
  const client = { embed: (_, texts) => Promise.resolve(vectors(texts.length)) };
  const store = { find: () => Promise.resolve(new Map()), save: () => Promise.resolve() };
  const endpoint = { name: 'bench', model: 'bench', apiBase: 'http://bench', apiKey: null };
  const before = heapMiB();
  const ranker = new EmbeddingRanker(endpoint, client, new ToolVectors(client, store));
  await ranker.rank({ query: 'all', listed, wanted });
  return { ...(await rank(ranker)), mib: heapMiB() - before };
}

async function rank(ranker) {
  const tookMs = [];
  let cpu = process.cpuUsage();
  for (const [index, query] of queries.entries()) {
    if (index === WARM_UP) cpu = process.cpuUsage();
    const startedAt = performance.now();
    await ranker.rank({ query, listed, wanted });
    if (index >= WARM_UP) tookMs.push(performance.now() - startedAt);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    cpuMs: (user + system) / 1_000 / tookMs.length,
  };
}

function randomVector() {
  return Float32Array.from({ length: DIMENSIONS }, () => Math.random() - 0.5);
}

function heapMiB() {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

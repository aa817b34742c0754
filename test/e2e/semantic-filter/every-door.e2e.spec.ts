import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SemanticFilterSettings } from '../../../src/config/model-endpoint.js';
import type { Json } from '../../fixtures/llm/scripted-provider.js';
import { NATIVE, startLlmWorld, type LlmWorld } from '../llm/llm-world.js';
import { http } from '../support/http.js';

/** What a door does with the tools of a request. */
interface Filtered {
  readonly names: readonly unknown[];
  readonly header: unknown;
}

type Filter = (query: string, names: readonly string[]) => Promise<Filtered>;

let world: LlmWorld;

/** A tool in a form that every door takes. */
const tool = (name: string): Json => ({ type: 'function', name, function: { name, parameters: { type: 'object' } } });
const nameOf = (sent: Json): unknown => (sent['function'] as Json | undefined)?.['name'] ?? sent['name'];

async function post(path: string, body: object): Promise<{ json: unknown; header: unknown }> {
  const headers = { authorization: `Bearer ${world.key}` };
  const answer = await http(world.gateway.url + path, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  return { json: answer.json, header: answer.headers['x-gatehouse-semantic-filter'] };
}

/** The tools that the provider was sent. */
async function throughProvider(path: string, question: object, names: readonly string[]): Promise<Filtered> {
  world.provider.say({ text: 'Hello' });
  const { header } = await post(path, { model: 'small', ...question, tools: names.map(tool) });
  const sent = world.provider.requests.at(-1)?.body['tools'] as Json[];
  return { names: sent.map(nameOf), header };
}

const DOORS: readonly (readonly [string, Filter])[] = [
  [
    '/v1/chat/completions',
    (query, names) => throughProvider('/v1/chat/completions', { messages: [{ role: 'user', content: query }] }, names),
  ],
  ['/v1/responses', (query, names) => throughProvider('/v1/responses', { input: query }, names)],
  [
    'the test route',
    async (query, names) => {
      const { json, header } = await post('/v1/mcp/semantic-filter/test', { query, tools: names.map(tool) });
      return { names: (json as { tools: Json[] }).tools.map(nameOf), header };
    },
  ],
];

const MCP = ['office-echo', 'office-add', 'office-fail'];
const NATIVES = ['text-to-speech', 'code-review'];
/** Begin like tools of the caller and are none: one that is not granted, one that is not there. */
const LOOKALIKES = ['office-crash', 'office-nosuch', 'secret-echo'];

interface Case {
  readonly what: string;
  readonly query: string;
  readonly sent: readonly string[];
  readonly kept: readonly string[];
  readonly header: string;
}

function withSettings(settings: Partial<SemanticFilterSettings>, what: string, cases: readonly Case[]): void {
  describe(what, () => {
    beforeAll(async () => {
      world = await startLlmWorld(settings);
    });
    afterAll(() => world.close());

    describe.each(DOORS)('at %s', (_door, filter) => {
      it.each(cases)('$what', async ({ query, sent, kept, header }) => {
        expect(await filter(query, sent)).toEqual({ names: kept, header });
      });
    });
  });
}

withSettings({ enabled: true, topK: 2 }, 'the semantic filter', [
  {
    what: 'keeps what matches, and tools of the client with hyphens',
    ...{ query: 'add the numbers', sent: ['text-to-speech', ...MCP, 'code-review'] },
    ...{ kept: ['text-to-speech', 'office-add', 'code-review'], header: '3->1' },
  },
  {
    what: 'keeps only tools of the client when nothing matches',
    ...{ query: 'zzz', sent: [...MCP, ...NATIVES], kept: NATIVES, header: '3->0' },
  },
  {
    what: 'keeps the first ones when nothing matches and there are only MCP tools',
    ...{ query: 'zzz', sent: MCP, kept: MCP.slice(0, 2), header: '3->2' },
  },
  {
    what: 'leaves tools of the client as they are',
    ...{ query: 'add the numbers', sent: NATIVES, kept: NATIVES, header: 'off; reason=no_mcp_tools' },
  },
  {
    what: 'takes names that look like those of a server for tools of the client',
    ...{ query: 'add the numbers', sent: [...MCP, ...LOOKALIKES] },
    ...{ kept: ['office-add', ...LOOKALIKES], header: '3->1' },
  },
  {
    what: 'leaves everything without a question',
    ...{ query: '   ', sent: [...MCP, ...NATIVES], kept: [...MCP, ...NATIVES], header: 'off; reason=no_query' },
  },
]);

const UNREACHABLE = { name: 'dead', model: 'dead', apiBase: 'http://127.0.0.1:9/v1', apiKey: null };

withSettings({ enabled: true, embeddingModel: UNREACHABLE }, 'the semantic filter without its model', [
  {
    what: 'lets everything pass and says so',
    ...{ query: 'add the numbers', sent: [...MCP, ...NATIVES] },
    ...{ kept: [...MCP, ...NATIVES], header: 'off; reason=embedding_failed' },
  },
]);

withSettings({ enabled: false }, 'the semantic filter that is off', [
  {
    what: 'lets everything pass and says so',
    ...{ query: 'add the numbers', sent: [NATIVE.function.name, ...MCP] },
    ...{ kept: [NATIVE.function.name, ...MCP], header: 'off; reason=disabled' },
  },
]);

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../../src/common/secret.js';
import { NO_SEMANTIC_FILTER } from '../../../src/config/parse-semantic-filter.js';
import { EmbeddingProvider, type EmbeddingMode } from '../../fixtures/llm/embedding-provider.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROUTE = '/v1/mcp/semantic-filter/test';
const DESCRIPTIONS = {
  create_issue: 'File a new bug',
  get_forecast: 'Tells how warm it will be in a town',
  send: 'Deliver a letter to somebody',
  wipe: 'Destroys a disk and everything on it',
};
const MEANINGS = [
  ['bug', 'issue', 'ticket', 'defect'],
  ['warm', 'forecast', 'rain', 'umbrella'],
  ['letter', 'mail', 'post'],
  ['disk', 'destroys', 'wipe'],
];
const NATIVE = { type: 'function', function: { name: 'text-to-speech', parameters: { type: 'object' } } };

interface Filtered {
  readonly tools: { function: { name: string } }[];
  readonly selected: { name: string; score: number }[];
  readonly before: number;
  readonly after: number;
  readonly ran: boolean;
  readonly reason: string | null;
}

let upstream: RecordingHttpUpstream;
let provider: EmbeddingProvider;
let gateway: TestGateway;
let key: string;

async function start(withEmbeddings: boolean): Promise<void> {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no PostgreSQL for the tests');
  upstream = await RecordingHttpUpstream.start({ era: '2026', echoes: Object.keys(DESCRIPTIONS) });
  provider = await EmbeddingProvider.start(MEANINGS);
  const model = { name: 'small', model: 'tiny-embedding', apiBase: provider.url, apiKey: new Secret('sk-provider') };
  const semanticFilter = { ...NO_SEMANTIC_FILTER, enabled: true, embeddingModel: withEmbeddings ? model : null };
  gateway = await startTestGateway(backend, { config: { models: [model], semanticFilter } });
  await registerServer(gateway, {
    server_name: 'office',
    url: upstream.url,
    tool_name_to_description: DESCRIPTIONS,
  });
  key = await makeKey(gateway, { mcp_tool_permissions: { office: ['create_issue', 'get_forecast', 'send'] } });
}

async function stop(): Promise<void> {
  await gateway.close();
  await Promise.all([upstream.close(), provider.close()]);
}

function ask(body: unknown, withKey = key): Promise<HttpAnswer> {
  return http(`${gateway.url}${ROUTE}`, { method: 'POST', headers: { authorization: `Bearer ${withKey}` }, body });
}

const answered = (answer: HttpAnswer): Filtered => answer.json as Filtered;
const namesOf = ({ tools }: Filtered): string[] => tools.map((tool) => tool.function.name);

describe('the semantic filter by words', () => {
  beforeAll(() => start(false));
  afterAll(stop);

  it('works on the tools of the caller, and tells in headers what it did', async () => {
    const answer = await ask({ query: 'file a bug, please' });
    expect(answer.status).toBe(200);
    expect(answered(answer)).toMatchObject({
      selected: [{ name: 'office-create_issue', score: 1 }],
      ...{ before: 3, after: 1, ran: true, reason: null },
    });
    expect(namesOf(answered(answer))).toEqual(['office-create_issue']);
    expect(answer.headers).toMatchObject({
      'x-gatehouse-semantic-filter': '3->1',
      'x-gatehouse-semantic-filter-tools': 'office-create_issue',
      'x-litellm-semantic-filter': '3->1',
    });
    expect(provider.requests).toEqual([]);
  });

  it('treats a tool that the caller may not use like one that does not exist', async () => {
    const about = async (name: string): Promise<string> => {
      const tools = [{ type: 'function', function: { name } }, NATIVE];
      const { text, headers } = await ask({ query: 'destroys a disk', tools });
      return `${headers['x-gatehouse-semantic-filter']} ${text.replaceAll(name, 'NAME')}`;
    };
    expect(await about('office-wipe')).toBe(await about('office-none'));
    const tools = [{ type: 'function', function: { name: 'office-wipe' } }];
    expect(answered(await ask({ query: 'destroys a disk', tools }, gateway.masterKey))).toMatchObject({ before: 1 });
  });

  it('reads the question out of messages', async () => {
    const messages = [
      { role: 'user', content: 'file a bug' },
      { role: 'user', content: [{ type: 'text', text: 'how warm is it in town?' }] },
    ];
    expect(namesOf(answered(await ask({ messages })))).toEqual(['office-get_forecast']);
  });

  it.each([
    [{}, 'query'],
    [{ query: 7 }, 'query'],
    [{ query: 'x', tools: 'all' }, 'tools'],
    [{ query: 'x', tools: [7] }, 'tools'],
    [{ messages: [7] }, 'messages'],
    [{ query: 'x', top_k: 1 }, 'top_k'],
  ])('refuses %j and names the field', async (body, field) => {
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ errors: [{ path: field }] });
  });

  it('is for callers with a key', async () => {
    expect((await ask({ query: 'x' }, 'sk-nobody')).status).toBe(401);
  });
});

describe('the semantic filter by meaning', () => {
  beforeAll(() => start(true));
  afterAll(stop);
  afterEach(() => {
    provider.mode = 'good';
  });

  it('asks the model once for each tool, with its own key, and remembers the answer', async () => {
    expect(namesOf(answered(await ask({ query: 'do I need an umbrella' })))).toEqual(['office-get_forecast']);
    const inputs = provider.requests.flatMap(({ input }) => input);
    expect(inputs).toHaveLength(4);
    expect(inputs.join('\n')).toContain('office create issue: File a new bug');
    expect(inputs.join('\n')).not.toContain('Destroys');
    for (const { path, model, headers } of provider.requests) {
      expect({ path, model }).toEqual({ path: '/v1/embeddings', model: 'tiny-embedding' });
      expect(headers.authorization).toBe('Bearer sk-provider');
      expect(JSON.stringify(headers)).not.toContain(key);
    }
    provider.requests.length = 0;
    expect(namesOf(answered(await ask({ query: 'post a ticket' })))).toEqual(['office-create_issue', 'office-send']);
    expect(provider.requests.map(({ input }) => input)).toEqual([['post a ticket']]);
    const rows = await gateway.sql<{ size: number }>('SELECT length(vector) AS size FROM tool_embeddings');
    expect(rows).toEqual([{ size: 16 }, { size: 16 }, { size: 16 }]);
  });

  it('keeps the tools of the client when nothing means the same', async () => {
    const tools = [{ type: 'function', function: { name: 'office-send' } }, NATIVE];
    const outcome = answered(await ask({ query: 'sing a song', tools }));
    expect(outcome.tools).toEqual([NATIVE]);
    expect(outcome).toMatchObject({ before: 1, after: 0, ran: true });
  });

  it.each<EmbeddingMode>(['error', 'not_json', 'too_few', 'no_numbers'])(
    'passes everything on when the model answers with: %s',
    async (mode) => {
      provider.mode = mode;
      const answer = await ask({ query: 'do I need an umbrella' });
      expect(answered(answer)).toMatchObject({ before: 3, after: 3, ran: false, reason: 'embedding_failed' });
      expect(answer.headers['x-gatehouse-semantic-filter']).toBe('off; reason=embedding_failed');
      expect(answer.text).not.toContain('429');
    },
  );
});

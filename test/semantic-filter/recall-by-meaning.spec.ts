import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/common/secret.js';
import { NO_SEMANTIC_FILTER } from '../../src/config/parse-semantic-filter.js';
import { asFunctionTool, requestToolName } from '../../src/semantic-filter/request-tool.js';
import { SemanticFilterService } from '../../src/semantic-filter/semantic-filter.service.js';
import { EmbeddingProvider } from '../fixtures/llm/embedding-provider.js';
import { wordVector } from '../fixtures/llm/word-vector.js';
import { availableBackends } from '../e2e/support/backends.js';
import { startTestGateway, type TestGateway } from '../e2e/support/test-gateway.js';
import { LABELLED_QUERIES, LABELLED_TOOLS, measureRecall, show } from './labelled-set.js';

/** Any endpoint that speaks the API of OpenAI; left out: a program of this test, which knows words and no meanings. */
const { EMBEDDING_API_BASE, EMBEDDING_API_KEY, EMBEDDING_MODEL = 'words' } = process.env;

let provider: EmbeddingProvider;
let gateway: TestGateway;
let filter: SemanticFilterService;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no PostgreSQL for the tests');
  provider = await EmbeddingProvider.start(wordVector);
  const apiKey = EMBEDDING_API_KEY === undefined ? null : new Secret(EMBEDDING_API_KEY);
  const model = { name: 'measured', model: EMBEDDING_MODEL, apiBase: EMBEDDING_API_BASE ?? provider.url, apiKey };
  const semanticFilter = { ...NO_SEMANTIC_FILTER, enabled: true, embeddingModel: model };
  gateway = await startTestGateway(backend, { config: { models: [model], semanticFilter } });
  filter = gateway.app.get(SemanticFilterService, { strict: false });
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

describe('tools by meaning, on the labelled set', () => {
  it('finds a right tool among the ten that it keeps for most queries, and embeds each tool once', async () => {
    const tools = LABELLED_TOOLS.map(asFunctionTool);
    const measured = await measureRecall(async (query) => {
      const outcome = await filter.filter({ tools, query, listed: LABELLED_TOOLS });
      expect(outcome.off).toBeNull();
      return outcome.selected.length === 0 ? [] : outcome.tools.map((tool) => requestToolName(tool) ?? '');
    });
    show({ by: `vectors of ${EMBEDDING_MODEL}`, ...measured });
    expect(measured.recall).toBeGreaterThanOrEqual(0.6);
    if (EMBEDDING_API_BASE !== undefined) return;
    const texts = provider.requests.flatMap(({ input }) => input);
    expect(texts).toHaveLength(LABELLED_TOOLS.length + LABELLED_QUERIES.length);
  });
});

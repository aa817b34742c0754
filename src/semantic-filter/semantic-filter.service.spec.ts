import { describe, expect, it } from '@jest/globals';
import type { ListedTool } from '../catalog/catalog.types.js';
import type { JsonObject } from '../common/json.js';
import type { SemanticFilterSettings } from '../config/model-endpoint.js';
import { NO_SEMANTIC_FILTER } from '../config/parse-semantic-filter.js';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import { filterHeaders, type FilterOutcome } from './filter-outcome.js';
import { lastUserText } from './last-user-text.js';
import { LexicalRanker } from './lexical-ranker.js';
import { asFunctionTool } from './request-tool.js';
import { SemanticFilterService } from './semantic-filter.service.js';
import type { EmbeddingClient } from './embedding-client.js';
import type { ToolVectors } from './tool-vectors.js';

const server = mcpServer({ id: 'id-1', name: 'office' });

function listed(name: string, description: string, properties: JsonObject = {}): ListedTool {
  return { publicName: name, server, tool: { name, description, inputSchema: { type: 'object', properties } } };
}

const WEATHER = listed('weather-getForecast', 'Weather forecast of a city for the next days', {
  city: { type: 'string', description: 'Name of the town' },
});
const ISSUE = listed('github-create_issue', 'Open a new issue in a repository');
const ISSUES = listed('github-list_issues', 'List issues of a repository');
const MAIL = listed('mail-send', 'Send an e-mail message to recipients');
const ALL = [WEATHER, ISSUE, ISSUES, MAIL];

const NATIVES: JsonObject[] = [
  { type: 'function', function: { name: 'text-to-speech', parameters: { type: 'object' } } },
  { type: 'function', name: 'code-review', parameters: { type: 'object' } },
  { type: 'web_search' },
];
const [SPEECH, REVIEW, WEB] = NATIVES as [JsonObject, JsonObject, JsonObject];

function filter(
  tools: readonly JsonObject[],
  query: string,
  settings: Partial<SemanticFilterSettings> = {},
  visible: readonly ListedTool[] = ALL,
): Promise<FilterOutcome> {
  const semanticFilter = { ...NO_SEMANTIC_FILTER, enabled: true, ...settings };
  const unused = {} as EmbeddingClient & ToolVectors;
  const service = new SemanticFilterService({ semanticFilter }, new LexicalRanker(), unused, unused);
  return service.filter({ tools, query, listed: visible });
}

const of = (...tools: readonly ListedTool[]): JsonObject[] => tools.map(asFunctionTool);
const namesOf = (tools: readonly JsonObject[]): unknown[] =>
  tools.map((tool) => (tool['function'] as JsonObject | undefined)?.['name'] ?? tool['name'] ?? tool['type']);

describe('the semantic filter', () => {
  it('keeps the tools that match, best first, and every other tool in its order', async () => {
    const tools = [SPEECH, ...of(MAIL, ISSUES), REVIEW, ...of(WEATHER, ISSUE), WEB];
    const outcome = await filter(tools, 'please create an issue in the repository');
    expect(namesOf(outcome.tools)).toEqual([
      'text-to-speech',
      'github-create_issue',
      'github-list_issues',
      'code-review',
      'web_search',
    ]);
    expect(outcome).toMatchObject({ before: 4, after: 2, off: null });
    expect(outcome.selected[0]).toEqual({ name: 'github-create_issue', score: 1 });
    expect(outcome.tools).toContain(SPEECH);
  });

  it.each([
    ['a word in another form', 'what will the weathers be', 'weather-getForecast'],
    ['a word in a name of mixed case', 'forecast', 'weather-getForecast'],
    ['a word of a parameter', 'which town', 'weather-getForecast'],
    ['a word with a wrong letter', 'show me the forcast', 'weather-getForecast'],
  ])('finds a tool by %s', async (_how, query, name) => {
    const { selected } = await filter(of(...ALL), query);
    expect(selected[0]?.name).toBe(name);
  });

  it('sends no MCP tools when none matches and others are left', async () => {
    const outcome = await filter([...of(...ALL), ...NATIVES], 'tell me a joke');
    expect(outcome.tools).toEqual(NATIVES);
    expect(outcome).toMatchObject({ before: 4, after: 0, selected: [], off: null });
  });

  it('sends the first ones when none matches and there are only MCP tools', async () => {
    const outcome = await filter(of(...ALL), 'tell me a joke', { topK: 2 });
    expect(namesOf(outcome.tools)).toEqual(['weather-getForecast', 'github-create_issue']);
    expect(outcome).toMatchObject({ before: 4, after: 2, selected: [], off: null });
  });

  it('keeps at most as many as it is told, and none that fits much worse than the best', async () => {
    expect((await filter(of(...ALL), 'issues of a repository', { topK: 1 })).after).toBe(1);
    const many = await filter(of(...ALL), 'send mail about issues', { similarityThreshold: 0 });
    const few = await filter(of(...ALL), 'send mail about issues', { similarityThreshold: 0.9 });
    expect(many.after).toBe(3);
    expect(few.after).toBe(1);
  });

  it.each([
    ['is disabled', { enabled: false }, of(...ALL), 'issue', 'disabled'],
    ['is not asked anything', {}, of(...ALL), ' ', 'no_query'],
    ['finds tools of the client only', {}, NATIVES, 'create an issue', 'no_mcp_tools'],
    ['finds no tools', {}, [], 'create an issue', 'no_mcp_tools'],
  ] as const)('passes everything on when it %s', async (_when, settings, tools, query, off) => {
    const outcome = await filter(tools, query, settings);
    expect(outcome.tools).toBe(tools);
    expect(outcome.off).toBe(off);
  });

  it('takes a name that only looks like one of a server for a tool of the client', async () => {
    const lookalikes = ['github-delete_everything', 'create_issue', 'GITHUB-create_issue'].map((name) => ({
      ...{ type: 'function', function: { name } },
    }));
    const outcome = await filter([...lookalikes, ...of(WEATHER)], 'joke');
    expect(namesOf(outcome.tools)).toEqual(['github-delete_everything', 'create_issue', 'GITHUB-create_issue']);
  });

  it('scores as if tools that the caller does not see did not exist', async () => {
    const hidden = Array.from({ length: 50 }, (_, at) => listed(`hidden-${at}`, 'issue issue repository'));
    const shared = new LexicalRanker();
    const wanted = new Set(ALL.map(({ publicName }) => publicName));
    const alone = await shared.rank({ query: 'issue repository', listed: ALL, wanted });
    await shared.rank({ query: 'issue repository', listed: [...ALL, ...hidden], wanted });
    expect(await shared.rank({ query: 'issue repository', listed: [...ALL], wanted })).toEqual(alone);
  });
});

describe('the headers of the filter', () => {
  const outcome: FilterOutcome = { tools: [], selected: [], before: 7, after: 2, off: null };

  it('tell how many tools there were and are, and as many names as fit whole', () => {
    const selected = Array.from({ length: 9 }, (_, at) => ({ name: `server-tool_number_${at}`, score: 1 }));
    const headers = filterHeaders({ ...outcome, selected });
    expect(headers['x-gatehouse-semantic-filter']).toBe('7->2');
    expect(headers['x-litellm-semantic-filter']).toBe('7->2');
    const names = String(headers['x-gatehouse-semantic-filter-tools']);
    expect(names.length).toBeLessThanOrEqual(150);
    expect(names.split(',')).toEqual(selected.slice(0, 7).map(({ name }) => name));
    expect(headers['x-litellm-semantic-filter-tools']).toBe(names);
  });

  it('tell why it did not run', () => {
    expect(filterHeaders({ ...outcome, off: 'embedding_failed' })).toEqual({
      'x-gatehouse-semantic-filter': 'off; reason=embedding_failed',
      'x-litellm-semantic-filter': 'off; reason=embedding_failed',
    });
  });
});

describe('what the user said last', () => {
  it.each<[string, JsonObject[] | string, string]>([
    ['a text', 'do it', 'do it'],
    ['the last message of the user', [user('one'), user('two'), { role: 'assistant', content: 'three' }], 'two'],
    [
      'the parts of it that are texts',
      [user([{ type: 'text', text: 'a' }, { type: 'image_url' }, { text: 'b' }])],
      'a  b',
    ],
    ['nothing, when there is no such message', [{ role: 'system', content: 'x' }], ''],
  ])('is %s', (_what, messages, said) => {
    expect(lastUserText(messages)).toBe(said);
  });
});

function user(content: string | JsonObject[]): JsonObject {
  return { role: 'user', content };
}

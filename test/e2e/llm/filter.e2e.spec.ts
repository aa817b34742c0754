import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../../fixtures/llm/scripted-provider.js';
import { http, type HttpAnswer } from '../support/http.js';
import { NATIVE, RUN, startLlmWorld, type LlmWorld } from './llm-world.js';

const ENDPOINTS = ['chat/completions', 'responses'] as const;
type Endpoint = (typeof ENDPOINTS)[number];

/** Tools of the client whose names look as if a server had a prefix for them. */
const REVIEW = {
  type: 'function',
  name: 'code-review',
  function: { name: 'code-review', parameters: { type: 'object' } },
};
const LOOKALIKE = { type: 'function', name: 'office-erase', function: { name: 'office-erase', parameters: {} } };

let world: LlmWorld;

afterEach(() => world.provider.say({ text: 'Hello' }));

function post(endpoint: Endpoint, query: string, tools: unknown[]): Promise<HttpAnswer> {
  const question = endpoint === 'responses' ? { input: query } : { messages: [{ role: 'user', content: query }] };
  return http(`${world.gateway.url}/v1/${endpoint}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}` },
    body: { model: 'small', tools, ...question },
  });
}

const sent = (): unknown[] => {
  const { tools } = world.provider.requests.at(-1)?.body ?? {};
  return (tools as Json[]).map((tool) => (tool['function'] as Json | undefined)?.['name'] ?? tool['name']);
};

describe.each(ENDPOINTS)('the semantic filter at /v1/%s', (endpoint) => {
  beforeAll(async () => {
    world = await startLlmWorld({ enabled: true, topK: 2 });
  });
  afterAll(() => world.close());

  it('keeps tools that match, and every tool of the client in its place', async () => {
    const { headers } = await post(endpoint, 'add the numbers', [NATIVE, RUN, REVIEW, LOOKALIKE]);
    expect(sent()).toEqual(['text-to-speech', 'office-add', 'other-add', 'code-review', 'office-erase']);
    expect(headers).toMatchObject({
      'x-gatehouse-semantic-filter': '6->2',
      'x-gatehouse-semantic-filter-tools': 'office-add,other-add',
      'x-litellm-semantic-filter': '6->2',
      'x-litellm-semantic-filter-tools': 'office-add,other-add',
    });
  });

  it('sends only the tools of the client when none matches', async () => {
    const { headers } = await post(endpoint, 'zzz', [NATIVE, RUN, REVIEW]);
    expect(sent()).toEqual(['text-to-speech', 'code-review']);
    expect(headers['x-gatehouse-semantic-filter']).toBe('6->0');
  });

  it('sends the first ones when none matches and there are no others', async () => {
    await post(endpoint, 'zzz', [RUN]);
    expect(sent()).toHaveLength(2);
  });

  it('leaves requests with tools of the client only as they are', async () => {
    const { headers } = await post(endpoint, 'add the numbers', [NATIVE, REVIEW, LOOKALIKE]);
    expect(world.provider.requests.at(-1)?.body['tools']).toEqual([NATIVE, REVIEW, LOOKALIKE]);
    expect(headers['x-gatehouse-semantic-filter']).toBe('off; reason=no_mcp_tools');
  });

  it('filters tools of the gateway that the client listed itself', async () => {
    const listed = ['office-add', 'office-echo'].map((name) => ({ type: 'function', name, function: { name } }));
    await post(endpoint, 'add the numbers', [...listed, NATIVE]);
    expect(sent()).toEqual(['office-add', 'text-to-speech']);
  });

  it('keeps the gateway from running by itself what was not offered', async () => {
    world.provider.say({ calls: [{ name: 'office-fail', arguments: '{}' }] });
    const { text } = await post(endpoint, 'add the numbers', [RUN]);
    expect(world.office.requests.of('tools/call')).toEqual([]);
    expect(text).toContain('office-fail');
  });
});

describe.each(ENDPOINTS)('the semantic filter that is off at /v1/%s', (endpoint) => {
  beforeAll(async () => {
    world = await startLlmWorld({ enabled: false });
  });
  afterAll(() => world.close());

  it('lets every tool pass and says so', async () => {
    const { headers } = await post(endpoint, 'zzz', [NATIVE, RUN]);
    expect(sent()).toHaveLength(7);
    expect(headers['x-gatehouse-semantic-filter']).toBe('off; reason=disabled');
  });
});

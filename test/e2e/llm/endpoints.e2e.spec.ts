import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type OpenAI from 'openai';
import type { Json, Turn } from '../../fixtures/llm/scripted-provider.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey } from '../support/management.js';
import { NATIVE, PROVIDER_KEY, RUN, startLlmWorld, type LlmWorld } from './llm-world.js';

let world: LlmWorld;

beforeAll(async () => {
  world = await startLlmWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.provider.say({ text: 'Hello' });
  world.office.requests.clear();
  world.secret.requests.clear();
});

type Endpoint = 'chat/completions' | 'responses';
const ENDPOINTS: Endpoint[] = ['chat/completions', 'responses'];

function post(
  endpoint: Endpoint,
  body: Json,
  key = world.key,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const question = endpoint === 'responses' ? { input: 'Which?' } : { messages: [{ role: 'user', content: 'Which?' }] };
  return http(`${world.gateway.url}/v1/${endpoint}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...headers },
    body: { model: 'small', ...question, ...body },
  });
}

/** The answer of either endpoint, streamed or not, by the official client: what was said, and the whole of it. */
async function ask(endpoint: Endpoint, stream: boolean, tools: unknown[], client = world.client): Promise<string> {
  if (endpoint === 'responses') {
    const body = { model: 'small', input: 'Which?', tools: tools as OpenAI.Responses.Tool[] };
    if (!stream) return (await client.responses.create(body)).output_text;
    let said = '';
    for await (const event of client.responses.stream(body)) {
      if (event.type === 'response.output_text.delta') said += event.delta;
    }
    return said;
  }
  const body = {
    model: 'small',
    messages: [{ role: 'user' as const, content: 'Which?' }],
    tools: tools as OpenAI.Chat.ChatCompletionTool[],
  };
  if (!stream) return (await client.chat.completions.create(body)).choices[0]?.message.content ?? '';
  const runner = client.chat.completions.stream(body);
  return (await runner.finalContent()) ?? '';
}

const namesIn = ({ tools }: Json): unknown[] =>
  (tools as Json[]).map((tool) => (tool['function'] as Json | undefined)?.['name'] ?? tool['name']);
const calls = (...asked: [string, Json][]): Turn => ({
  calls: asked.map(([name, given]) => ({ name, arguments: JSON.stringify(given) })),
});
const received = (): unknown[] =>
  world.office.requests.of('tools/call').map(({ rpc }) => (rpc?.['params'] as Json | undefined)?.['arguments']);

/** Texts that the model was told as results in its last turn. */
function told(): unknown[] {
  const { messages, input } = world.provider.requests.at(-1)?.body ?? {};
  const items = (messages ?? input) as Json[];
  return items.flatMap((item) => {
    if (item['role'] === 'tool') return [item['content']];
    return item['type'] === 'function_call_output' ? [item['output']] : [];
  });
}

describe.each(ENDPOINTS)('POST /v1/%s', (endpoint) => {
  describe.each([false, true])('stream: %s', (stream) => {
    it('asks the provider with the name and the key that it knows, and nothing of the caller’s', async () => {
      expect(await ask(endpoint, stream, [NATIVE])).toBe('Hello');
      const [request] = world.provider.requests;
      expect(request?.path).toBe(`/v1/${endpoint}`);
      expect(request?.body).toMatchObject({ model: 'tiny', tools: [NATIVE] });
      expect(request?.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
      expect(JSON.stringify(request?.headers)).not.toContain(world.key);
    });

    it('offers the tools of the caller, and runs those that the model asks for, side by side', async () => {
      world.provider.say(calls(['office-echo', { text: 'one' }], ['other-add', { a: 1, b: 2 }]), {
        text: 'It is three',
      });
      expect(await ask(endpoint, stream, [NATIVE, RUN])).toBe('It is three');
      const [first, second] = world.provider.requests;
      expect(namesIn(first?.body ?? {}).toSorted()).toEqual(
        [
          'text-to-speech',
          'office-echo',
          'office-add',
          'office-fail',
          'office-slow',
          'other-echo',
          'other-add',
        ].toSorted(),
      );
      expect(received()).toEqual([{ text: 'one' }]);
      expect(second?.body['tools']).toEqual(first?.body['tools']);
      expect(told()).toEqual(['one', '3']);
    });

    it('goes on for several rounds, and lets the model end after ten', async () => {
      world.provider.say(calls(['office-echo', { text: 'again' }]));
      await ask(endpoint, stream, [RUN]);
      expect(received()).toHaveLength(10);
      expect(world.provider.requests).toHaveLength(11);
      expect(world.provider.requests.at(-1)?.body['tool_choice']).toBe('none');
    });

    it('tells the model of guardrails, failures, refusals and broken arguments, and goes on', async () => {
      world.provider.say(
        {
          calls: [
            { name: 'office-echo', arguments: '{"text":"forbidden"}' },
            { name: 'office-echo', arguments: '{"text":"change me"}' },
            { name: 'office-fail', arguments: '' },
            { name: 'office-echo', arguments: '{"text":' },
          ],
        },
        { text: 'Sorry' },
      );
      expect(await ask(endpoint, stream, [RUN])).toBe('Sorry');
      expect(received().toSorted()).toEqual([{ text: 'changed' }, {}].toSorted());
      expect(told()).toEqual([
        expect.stringContaining('that word is forbidden'),
        'changed',
        'the tool failed',
        'The arguments are not a JSON object.',
      ]);
    });

    it('leaves calls to the client when one of them is the client’s own', async () => {
      world.provider.say({ ...calls(['office-echo', { text: 'x' }], ['text-to-speech', {}]), text: 'Well, ' });
      expect(await ask(endpoint, stream, [NATIVE, RUN])).toBe('Well, ');
      expect(received()).toEqual([]);
      const { text } = await post(endpoint, { stream, tools: [NATIVE, RUN] });
      expect(text).toContain('office-echo');
      expect(text).toContain('text-to-speech');
    });

    it('leaves calls to the client when it did not say that no approval is needed', async () => {
      world.provider.say(calls(['office-echo', { text: 'x' }]));
      const { text } = await post(endpoint, { stream, tools: [{ type: 'mcp', server_url: 'litellm_proxy' }] });
      expect(text).toContain('office-echo');
      expect(received()).toEqual([]);
    });

    it('says what it said before it asked for tools', async () => {
      world.provider.say({ text: 'Let me see. ', ...calls(['office-echo', { text: 'x' }]) }, { text: 'Found it' });
      const said = await ask(endpoint, stream, [RUN]);
      // What is not streamed is the last message of a chat; a stream and the items of a response hold all of them.
      expect(said).toBe(endpoint === 'chat/completions' && !stream ? 'Found it' : 'Let me see. Found it');
      expect(received()).toHaveLength(1);
    });

    it('relays what the provider says of a wrong request, without the key', async () => {
      const error = {
        message: `too long for ${PROVIDER_KEY}`,
        type: 'invalid_request_error',
        param: 'messages',
        code: 'x',
      };
      world.provider.say({ refusal: { status: 400, body: { error, internal: 'secret' } } });
      const answer = await post(endpoint, { stream });
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual({ error: { ...error, message: 'too long for [redacted]' } });
    });

    it('keeps the troubles of the gateway with its provider to itself', async () => {
      world.provider.say({ refusal: { status: 401, body: { error: { message: `Incorrect key ${PROVIDER_KEY}` } } } });
      const answer = await post(endpoint, { stream });
      expect(answer.status).toBe(502);
      expect(answer.json).toMatchObject({
        code: 'upstream_auth_required',
        error: { code: 'upstream_auth_required', message: 'The provider refused the key of the gateway' },
      });
      expect(answer.text).not.toContain(PROVIDER_KEY);
    });

    it('stops asking and calling when the client hangs up', async () => {
      world.provider.say(calls(['office-slow', {}]), { text: 'never' });
      const controller = new AbortController();
      const running = fetch(`${world.gateway.url}/v1/${endpoint}`, {
        method: 'POST',
        signal: controller.signal,
        headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ model: 'small', stream, tools: [RUN] },
          ...(endpoint === 'responses' ? { input: 'x' } : { messages: [{ role: 'user', content: 'x' }] }),
        }),
      }).then((answer) => answer.text());
      await world.office.requests.find(({ rpc }) => rpc?.['method'] === 'tools/call');
      controller.abort();
      await expect(running).rejects.toThrow('abort');
      await until(() => world.office.cancelledCalls.length > 0);
      expect(world.provider.requests).toHaveLength(1);
      world.office.cancelledCalls.length = 0;
    });
  });

  it.each([
    [{ model: undefined }, 'model'],
    [{ model: 'large' }, 'model'],
    [{ tools: {} }, 'tools'],
    [{ tools: ['x'] }, 'tools.0'],
    [{ stream: 'yes' }, 'stream'],
    [{ tools: [{ ...RUN, server_url: 'gatehouse/nothing' }] }, 'tools.0.server_url'],
    [{ tools: [{ ...RUN, allowed_tools: 'echo' }] }, 'tools.0.allowed_tools'],
    [{ tools: [{ ...RUN, headers: { a: 1 } }] }, 'tools.0.headers.a'],
  ])('refuses %j, names the field and asks nobody', async (body, field) => {
    const answer = await post(endpoint, body);
    expect(world.provider.requests).toEqual([]);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ errors: [{ path: field }], error: { param: field, code: 'invalid_request' } });
  });

  it('narrows an entry to servers and tools', async () => {
    await post(endpoint, { tools: [{ ...RUN, server_url: 'litellm_proxy/mcp/other' }] });
    await post(endpoint, { tools: [{ ...RUN, server_url: 'gatehouse/mcp/other,office', allowed_tools: ['add'] }] });
    await post(endpoint, { tools: [RUN] }, world.key, { 'x-mcp-servers': 'other' });
    expect(world.provider.requests.map(({ body }) => namesIn(body))).toEqual([
      ['other-echo', 'other-add'],
      ['office-add', 'other-add'],
      ['other-echo', 'other-add'],
    ]);
  });

  it('narrows an entry to a toolset that the caller holds', async () => {
    const tools = [
      { server_id: 'office', tool_name: 'echo' },
      { server_id: 'secret', tool_name: 'echo' },
    ];
    const made = { toolset_name: `desk-${endpoint.split('/')[0]}`, tools };
    expect((await world.gateway.admin('POST', '/v1/mcp/toolset', made)).status).toBe(201);
    const holder = await makeKey(world.gateway, { mcp_servers: ['office'], mcp_toolsets: [made.toolset_name] });
    const entry = { ...RUN, server_url: `gatehouse/toolset/${made.toolset_name}/mcp` };
    world.provider.say(calls(['office-add', { a: 1, b: 2 }]), { text: 'done' });
    await post(endpoint, { tools: [entry] }, holder);
    expect(received()).toEqual([]);
    world.provider.say(calls(['office-echo', { text: 'in' }]), { text: 'done' });
    await post(endpoint, { tools: [entry] }, holder);
    expect(received()).toEqual([{ text: 'in' }]);
    expect(namesIn(world.provider.requests[0]?.body ?? {})).toEqual(['office-echo', 'secret-echo']);
    const asked = world.provider.requests.length;
    expect(await post(endpoint, { tools: [entry] })).toMatchObject({ status: 403, json: { code: 'forbidden_scope' } });
    expect(world.provider.requests).toHaveLength(asked);
  });

  it('leaves entries for other servers to the provider', async () => {
    const elsewhere = { type: 'mcp', server_label: 'x', server_url: 'https://mcp.example/mcp' };
    await post(endpoint, { tools: [elsewhere] });
    expect(world.provider.requests[0]?.body['tools']).toEqual([elsewhere]);
  });

  it('refuses servers that are not granted and servers that do not exist alike', async () => {
    const about = async (name: string): Promise<string> => {
      const { status, json } = await post(endpoint, { tools: [{ ...RUN, server_url: `gatehouse/mcp/${name}` }] });
      return JSON.stringify({ status, ...(json as Json), requestId: '' });
    };
    expect(await about('secret')).toBe(await about('nowhere'));
    expect(JSON.parse(await about('secret'))).toMatchObject({ status: 403, code: 'forbidden_scope' });
    expect(world.provider.requests).toEqual([]);
  });

  it('refuses entries without any tool', async () => {
    const answer = await post(endpoint, { tools: [NATIVE, { ...RUN, allowed_tools: ['none'] }] });
    expect(answer.json).toMatchObject({ status: 400, code: 'no_tools_resolved' });
    expect(world.provider.requests).toEqual([]);
  });

  it('does not run a tool that is not granted, whatever the model asks for', async () => {
    world.provider.say(calls(['secret-echo', { text: 'x' }]), { text: 'no' });
    await post(endpoint, { tools: [RUN] });
    expect(world.secret.requests.of('tools/call')).toEqual([]);
  });

  it('is for callers with a key that covers it', async () => {
    const narrow = await makeKey(world.gateway, { mcp_servers: ['office'] }, { allowed_routes: ['mcp_routes'] });
    expect((await post(endpoint, {}, narrow)).status).toBe(403);
    expect((await post(endpoint, {}, 'sk-nobody')).status).toBe(401);
    expect(world.provider.requests).toEqual([]);
  });

  it('counts requests and calls against the limits of the key', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['office'] }, { rpm_limit: 1 });
    expect((await post(endpoint, {}, key)).status).toBe(200);
    const second = await post(endpoint, {}, key);
    expect(second.status).toBe(429);
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
    expect(world.provider.requests).toHaveLength(1);
  });

  it('leaves a record of the request and one of each call', async () => {
    world.provider.say(calls(['office-echo', { text: 'recorded' }]), { text: 'done' });
    const { headers } = await post(endpoint, { tools: [RUN] });
    const rows = await world.gateway.sql<Json>(
      'SELECT door, method, server_name, tool, public_name, outcome, sent FROM audit_records WHERE request_id = $1 ORDER BY tool',
      [headers['x-request-id']],
    );
    expect(rows).toEqual([
      {
        door: 'llm',
        method: null,
        server_name: 'office',
        tool: 'echo',
        public_name: 'office-echo',
        outcome: 'ok',
        sent: 'yes',
      },
      {
        door: 'llm',
        method: endpoint,
        server_name: null,
        tool: null,
        public_name: 'small',
        outcome: 'ok',
        sent: 'yes',
      },
    ]);
  });

  it('ends when the key is revoked', async () => {
    const key = await makeKey(world.gateway, { mcp_servers: ['office'] });
    world.provider.say(calls(['office-slow', {}]), { text: 'never' });
    const running = post(endpoint, { tools: [RUN] }, key);
    await world.office.requests.find(({ rpc }) => rpc?.['method'] === 'tools/call');
    await world.gateway.admin('POST', '/key/block', { key });
    expect((await running).status).toBe(401);
    expect(world.provider.requests).toHaveLength(1);
    world.office.cancelledCalls.length = 0;
  });
});

describe('what is streamed', () => {
  it('comes when the model says it', async () => {
    world.provider.say({ text: 'one two three four five six seven eight nine ten' });
    world.provider.pace = 100;
    const arrived: number[] = [];
    const stream = await world.client.chat.completions.create({
      ...{ model: 'small', stream: true, tools: [RUN as never] },
      messages: [{ role: 'user', content: 'count' }],
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) arrived.push(performance.now());
    world.provider.pace = 0;
    expect(arrived).toHaveLength(10);
    expect((arrived.at(-1) ?? 0) - (arrived[0] ?? 0)).toBeGreaterThan(400);
  });

  it.each(ENDPOINTS)('says when it breaks off: %s', async (endpoint) => {
    world.provider.say({ text: 'so ', breaks: true });
    world.provider.pace = 50;
    const { text } = await post(endpoint, { stream: true, tools: [RUN] });
    world.provider.pace = 0;
    expect(text).toContain('so ');
    expect(text).toContain('upstream_unavailable');
    expect(text).not.toContain('[DONE]');
  });

  it('is one answer of one usage, however many rounds it takes', async () => {
    world.provider.say(calls(['office-echo', { text: 'x' }]), { text: 'done' });
    const chat = await world.client.chat.completions
      .stream({
        ...{ model: 'small', tools: [RUN as never], stream_options: { include_usage: true } },
        messages: [{ role: 'user', content: 'x' }],
      })
      .finalChatCompletion();
    expect(chat).toMatchObject({ id: 'chatcmpl-0', usage: { total_tokens: 30 } });
    world.provider.say(calls(['office-echo', { text: 'x' }]), { text: 'done' });
    const response = await world.client.responses
      .stream({ model: 'small', input: 'x', tools: [RUN as never] })
      .finalResponse();
    expect(response.id).toBe('resp_1');
    expect(response.usage).toMatchObject({ total_tokens: 30, input_tokens_details: { cached_tokens: 2 } });
    expect(response.output.map(({ type }) => type)).toEqual(['mcp_call', 'message']);
    expect(response.output[0]).toMatchObject({ name: 'office-echo', output: 'x', error: null });
  });

  it('has events that are numbered through', async () => {
    world.provider.say({ text: 'a ', ...calls(['office-echo', { text: 'x' }]) }, { text: 'done' });
    const { text } = await post('responses', { stream: true, tools: [RUN] });
    const events = text.split('\n\n').flatMap((event) => event.match(/^data: (.*)$/m)?.[1] ?? []);
    const parsed = events.map((event) => JSON.parse(event) as Json);
    expect(parsed.map((event) => event['sequence_number'])).toEqual(parsed.map((_, at) => at));
    const added = parsed.filter(({ type }) => type === 'response.output_item.added');
    expect(added.map((event) => [event['output_index'], (event['item'] as Json)['type']])).toEqual([
      [0, 'message'],
      [1, 'mcp_call'],
      [2, 'message'],
    ]);
  });
});

describe('GET /v1/models', () => {
  it('lists the models', async () => {
    const models = await world.client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(['small']);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not happen within ten seconds');
    await pause(10);
  }
}

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type PostMcpCall, type PreMcpCall } from '../../../src/index.js';
import { MAX_PARKED_PER_PRINCIPAL } from '../../../src/parked-calls/parked-calls.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { BridgedUpstream } from './bridged-upstream.js';

type Json = Record<string, unknown>;

const seen: string[] = [];

@McpHook({ name: 'watcher' })
class Watcher implements PreMcpCall, PostMcpCall {
  preMcpCall(): void {
    seen.push('pre');
  }

  postMcpCall(): void {
    seen.push('post');
  }
}

const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const NAME_QUESTION = {
  method: 'elicitation/create',
  params: { message: 'Name?', requestedSchema: { type: 'object' } },
};
const ROOTS_QUESTION = { method: 'roots/list', params: {} };
const SAMPLING_QUESTION = { method: 'sampling/createMessage', params: { messages: [], maxTokens: 5 } };

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let bridged: BridgedUpstream;
let key: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2025', answerAs: 'sse' });
  gateway = await startTestGateway(backend, { hooks: [Watcher], config: { parkedCallMs: 1_500 } });
  await registerServer(gateway, { alias: 'old', url: upstream.url });
  bridged = await BridgedUpstream.start('http25');
  await registerServer(gateway, bridged.registration);
  key = await makeKey(gateway, { mcp_servers: ['old'] });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await bridged.close();
});

beforeEach(() => {
  seen.length = 0;
  upstream.requests.clear();
});

interface Round {
  readonly key?: string;
  readonly path?: string;
  readonly capabilities?: Json;
  readonly signal?: AbortSignal;
}

/** One request of a 2026 client, without an SDK that would come back by itself. */
function send(name: string, args: Json, more: Json = {}, round: Round = {}): Promise<HttpAnswer> {
  return request('tools/call', { name, arguments: args, ...more }, round);
}

async function request(method: string, params: Json, round: Round = {}): Promise<HttpAnswer> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': round.capabilities ?? CAPABILITIES,
  };
  return http(gateway.url + (round.path ?? '/mcp'), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${round.key ?? key}`,
      accept: 'application/json, text/event-stream',
      ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': String(params['name']) },
    },
    body: { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta: meta } },
    ...(round.signal !== undefined && { signal: round.signal }),
  });
}

interface InputRequired {
  readonly resultType: string;
  readonly inputRequests: Record<string, { method: string; params: Json }>;
  readonly requestState: string;
}

function resultOf({ json, events }: HttpAnswer): Json {
  return ((events.at(-1) ?? json) as { result: Json }).result;
}

function errorOf({ json, events }: HttpAnswer): Json {
  return ((events.at(-1) ?? json) as { error: Json }).error;
}

function textOf(answer: HttpAnswer): string {
  return (resultOf(answer) as { content: { text: string }[] }).content[0]?.text ?? '';
}

/** Calls the tool that asks, and returns what it wants to know. */
async function ask(questions: readonly object[], args: Json = {}, round: Round = {}): Promise<InputRequired> {
  return resultOf(await send('old-ask_client', { questions, ...args }, {}, round)) as unknown as InputRequired;
}

function answersTo(asked: InputRequired, answer: Json): Json {
  const keys = Object.keys(asked.inputRequests);
  return { requestState: asked.requestState, inputResponses: Object.fromEntries(keys.map((name) => [name, answer])) };
}

const records = () =>
  gateway.sql<{ outcome: string; code: string | null; sent: string }>(
    `SELECT outcome, code, sent FROM audit_records WHERE public_name = 'old-ask_client' ORDER BY at`,
  );

/** Waits until the upstream is told that nobody waits for its latest call any more. */
async function cancellation(): Promise<void> {
  const requestId = upstream.requests.of('tools/call').at(-1)?.rpc?.['id'];
  await upstream.requests.find(
    ({ rpc }) => rpc?.['method'] === 'notifications/cancelled' && (rpc['params'] as Json)['requestId'] === requestId,
  );
}

const parked = () => upstream.requests.of('tools/call').length;

describe('a call of a 2026 client whose 2025 upstream asks for input', () => {
  it('is sent once, hooked once and recorded once, however many rounds it takes', async () => {
    const questions = [NAME_QUESTION, ROOTS_QUESTION, SAMPLING_QUESTION];
    const before = (await records()).length;
    let asked = await ask(questions, { inTurn: true });
    for (const { method } of questions) {
      expect(asked).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
      expect(Object.values(asked.inputRequests)).toMatchObject([{ method }]);
      const answer = await send('old-ask_client', { inTurn: true, questions }, answersTo(asked, { answered: method }));
      asked = resultOf(answer) as unknown as InputRequired;
    }
    expect(asked).toMatchObject({ resultType: 'complete' });
    const [content] = (asked as unknown as { content: { text: string }[] }).content;
    expect(JSON.parse(content?.text ?? '')).toEqual(questions.map(({ method }) => ({ answered: method })));
    expect(parked()).toBe(1);
    expect(seen).toEqual(['pre', 'post']);
    expect((await records()).slice(before)).toEqual([{ outcome: 'ok', code: null, sent: 'yes' }]);
  });

  it('asks everything at once that was asked at once, and again what was not answered', async () => {
    const questions = [NAME_QUESTION, ROOTS_QUESTION];
    const asked = await ask(questions);
    const [first = '', second = ''] = Object.keys(asked.inputRequests);
    expect(second).not.toBe('');
    const half = { [first]: { action: 'decline' }, [second]: 'no object', unknown: {} };
    const again = resultOf(
      await send('old-ask_client', { questions }, { requestState: asked.requestState, inputResponses: half }),
    ) as unknown as InputRequired;
    expect(Object.keys(again.inputRequests)).toEqual([second]);
    const end = await send('old-ask_client', { questions }, answersTo(again, { roots: [] }));
    expect(JSON.parse(textOf(end))).toEqual([{ action: 'decline' }, { roots: [] }]);
    expect(parked()).toBe(1);
  });

  it('tells its upstream what this very client can do, and what it cannot', async () => {
    const capabilities = { roots: { listChanged: true }, elicitation: {} };
    const questions = [SAMPLING_QUESTION, ROOTS_QUESTION];
    const asked = await ask(questions, {}, { capabilities });
    const hellos = upstream.requests.of('initialize').map(({ rpc }) => rpc?.['params']);
    const declared = { roots: {}, elicitation: { form: {} } };
    expect(hellos).toContainEqual(expect.objectContaining({ capabilities: declared }));
    expect(Object.values(asked.inputRequests)).toMatchObject([{ method: 'roots/list' }]);
    const end = await send('old-ask_client', { questions }, answersTo(asked, { roots: [] }), { capabilities });
    expect(JSON.parse(textOf(end))).toMatchObject([{ error: { code: -1 } }, { roots: [] }]);
  });

  it('leaves the id of an elicitation by URL away, and the progress token of the upstream', async () => {
    const own = { elicitationId: 'e', _meta: { progressToken: 3, 'vendor.example/a': 1 } };
    const params = { mode: 'url', url: 'https://connect.example', message: 'Go', ...own };
    const asked = await ask([{ method: 'elicitation/create', params }]);
    const { elicitationId: _id, ...asIs } = params;
    const rest = { ...asIs, _meta: { 'vendor.example/a': 1 } };
    expect(Object.values(asked.inputRequests)).toEqual([{ method: 'elicitation/create', params: rest }]);
    const questions = [{ method: 'elicitation/create', params }];
    await send('old-ask_client', { questions }, answersTo(asked, { action: 'accept' }));
  });

  it('lets nobody else, no other request and no other door answer', async () => {
    const asked = await ask([NAME_QUESTION]);
    const answers = answersTo(asked, { action: 'accept' });
    const args = { questions: [NAME_QUESTION] };
    const stranger = await makeKey(gateway, { mcp_servers: ['old'] });
    const state = asked.requestState;
    const flipped = `${state.slice(0, -2)}${state.endsWith('AA') ? 'BB' : 'AA'}`;
    const attempts = [
      send('old-ask_client', args, answers, { key: stranger }),
      send('old-ask_client', { questions: [ROOTS_QUESTION] }, answers),
      send('old-echo', args, answers),
      send('ask_client', args, answers, { path: '/old/mcp' }),
      send('old-ask_client', args, { ...answers, requestState: flipped }),
      send('old-ask_client', args, { ...answers, requestState: 'gatehouse:v1' }),
      send('old-ask_client', args, { ...answers, requestState: 'made up' }),
      send('old-ask_client', args, { inputResponses: answers['inputResponses'] }),
    ];
    for (const attempt of await Promise.all(attempts)) expect(errorOf(attempt)).toMatchObject({ code: -32602 });
    expect(parked()).toBe(1);
    const sorted = { ...args };
    expect(JSON.parse(textOf(await send('old-ask_client', sorted, answers)))).toEqual([{ action: 'accept' }]);
    expect(errorOf(await send('old-ask_client', args, answers))).toMatchObject({ code: -32602 });
    expect(parked()).toBe(1);
  });

  it('gives up when the client does not come back: the upstream hears it, and one record says so', async () => {
    const before = (await records()).length;
    const asked = await ask([NAME_QUESTION]);
    await cancellation();
    const answer = await upstream.requests.find(({ rpc }) => rpc?.['result'] !== undefined);
    expect(answer.rpc?.['result']).toEqual({ action: 'cancel' });
    const late = await send('old-ask_client', { questions: [NAME_QUESTION] }, answersTo(asked, { action: 'accept' }));
    expect(errorOf(late)).toMatchObject({ code: -32602, message: expect.stringContaining('start again') });
    expect(parked()).toBe(1);
    expect((await records()).slice(before)).toMatchObject([{ outcome: 'cancelled', code: 'call_cancelled' }]);
  });

  it('is cancelled when the client closes the response to a repeated request', async () => {
    const questions = [NAME_QUESTION];
    const asked = resultOf(await send('old-ask_and_wait', { questions })) as unknown as InputRequired;
    const leaving = new AbortController();
    const gone = send('old-ask_and_wait', { questions }, answersTo(asked, {}), { signal: leaving.signal });
    await upstream.requests.find(({ rpc }) => rpc?.['result'] !== undefined);
    leaving.abort();
    await expect(gone).rejects.toThrow('aborted');
    await cancellation();
  });

  it('keeps what came of it meanwhile for the client that comes back', async () => {
    const asked = resultOf(await send('old-ask_and_go_on', {})) as unknown as InputRequired;
    await upstream.requests.received('notifications/answered');
    const end = await send('old-ask_and_go_on', {}, answersTo(asked, { action: 'accept' }));
    expect(textOf(end)).toBe('went on without an answer');
  });

  it('ends with the credential of its caller', async () => {
    const doomed = await makeKey(gateway, { mcp_servers: ['old'] });
    await ask([NAME_QUESTION], {}, { key: doomed });
    await gateway.admin('POST', '/key/delete', { keys: [doomed] });
    await cancellation();
  });

  it('does not go on when the tool was taken from the caller', async () => {
    const limited = await makeKey(gateway, { mcp_servers: ['old'] });
    const asked = await ask([NAME_QUESTION], {}, { key: limited });
    const grants = { mcp_tool_permissions: { old: ['echo'] } };
    await gateway.admin('POST', '/key/update', { key: limited, object_permission: grants });
    const answers = answersTo(asked, { action: 'accept' });
    const end = await send('old-ask_client', { questions: [NAME_QUESTION] }, answers, { key: limited });
    expect(errorOf(end)).toMatchObject({ code: -32602, message: 'Unknown tool: old-ask_client' });
    await cancellation();
  });

  it('does not go on with a prompt whose server was taken from the caller', async () => {
    const limited = await makeKey(gateway, { mcp_servers: ['old', 'http25'] });
    const prompt = (more: Json = {}) => request('prompts/get', { name: 'http25-asking', ...more }, { key: limited });
    const asked = resultOf(await prompt()) as unknown as InputRequired;
    expect(Object.values(asked.inputRequests)).toMatchObject([{ method: 'elicitation/create' }]);
    await gateway.admin('POST', '/key/update', { key: limited, object_permission: { mcp_servers: ['old'] } });
    const end = await prompt(answersTo(asked, { action: 'accept' }));
    expect(errorOf(end)).toMatchObject({ code: -32602, message: 'Unknown prompt: http25-asking' });
    expect(bridged.record.filter((entry) => 'prompt' in entry)).toHaveLength(1);
  });

  it('has bounded company: the upstream of one call too many is told that nobody answers', async () => {
    const busy = await makeKey(gateway, { mcp_servers: ['old'] });
    const asked = await Promise.all(
      Array.from({ length: MAX_PARKED_PER_PRINCIPAL }, () => ask([NAME_QUESTION], {}, { key: busy })),
    );
    for (const one of asked) expect(one.resultType).toBe('input_required');
    const full = await send('old-ask_client', { questions: [NAME_QUESTION] }, {}, { key: busy });
    expect(JSON.parse(textOf(full))).toEqual([{ action: 'cancel' }]);
    expect((await ask([NAME_QUESTION])).resultType).toBe('input_required');
  });
});

describe('a 2025 upstream that sends the user to a URL first', () => {
  it('is asked again once a 2026 client says that the user went there', async () => {
    const asked = resultOf(await send('old-url_first', { user: 'ada' })) as unknown as InputRequired;
    expect(Object.values(asked.inputRequests)).toEqual([
      {
        method: 'elicitation/create',
        params: { mode: 'url', message: 'Please connect', url: 'https://connect.example/start' },
      },
    ]);
    const end = await send('old-url_first', { user: 'ada' }, answersTo(asked, { action: 'accept' }));
    expect(textOf(end)).toBe('connected');
    expect(parked()).toBe(2);
  });

  it('is not asked again when the user refuses', async () => {
    const asked = resultOf(await send('old-url_first', { user: 'bob' })) as unknown as InputRequired;
    const end = await send('old-url_first', { user: 'bob' }, answersTo(asked, { action: 'decline' }));
    expect(resultOf(end)).toMatchObject({ isError: true });
    expect(parked()).toBe(1);
  });

  it('makes a 2026 client learn which capability is missing', async () => {
    const answer = await send('old-url_first', { user: 'eve' }, {}, { capabilities: { elicitation: {} } });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { url: {} } } },
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { GuardrailPhase } from '../../../src/config/guardrail-entry.js';
import {
  ALLOW,
  expectedSignature,
  WebhookReceiver,
  type Behaviour,
} from '../../fixtures/guardrails/webhook-receiver.js';
import type { Json } from '../../fixtures/upstreams/recorded-requests.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { callTool, type ClientAnswer } from '../hooks/clients.js';
import { availableBackends } from '../support/backends.js';
import { builtIn } from '../support/built-in.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const [backend] = availableBackends();
const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const OLD_SECRET = `whsec_${Buffer.from('an-older-secret-of-thirty-two-bytes').toString('base64')}`;
const LIMITS = { max_question_bytes: 8 * 1024, max_answer_bytes: 4 * 1024 };

/** A guardrail as a tool of an MCP server. */
function judge({ id, call: asked }: Json): Json {
  const { text } = (asked as { arguments: { text: string } }).arguments;
  const structured = (content: Json): Json => ({ content: [], structuredContent: content });
  const written = (content: string): Json => ({ content: [{ type: 'text', text: content }] });
  switch (text) {
    case 'forbidden':
      return written(JSON.stringify({ id, action: 'deny', message: 'not that' }));
    case 'change':
      return structured({ id, action: 'change', arguments: { text: 'changed by a tool' } });
    case 'fail':
      return { ...structured({ id, action: 'allow' }), isError: true };
    case 'another question':
      return structured({ id: 'msg_1', action: 'allow' });
    case 'no json':
      return written('allow');
    case 'huge':
      return structured({ id, action: 'change', arguments: { text: 'x'.repeat(5000) } });
    default:
      return structured({ id, action: 'allow' });
  }
}

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let receiver: WebhookReceiver;
let key: string;

beforeAll(async () => {
  if (backend === undefined) throw new Error('there is no backend');
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  receiver = await WebhookReceiver.start();
  const settings = { url: receiver.url, secret: SECRET, ...LIMITS };
  const asks = (name: string, phases: GuardrailPhase[], more = {}) =>
    builtIn(name, 'webhook', { ...settings, ...more }, { phases, timeoutMs: 400 });
  gateway = await startTestGateway(backend, {
    config: {
      guardrails: [
        asks('ask-pre', ['pre'], { previous_secret: OLD_SECRET }),
        asks('ask-during', ['during']),
        asks('ask-post', ['post']),
        builtIn(
          'by-tool',
          'webhook',
          { server: 'judges', tool: 'judge', ...LIMITS },
          { phases: ['pre'], timeoutMs: 2000 },
        ),
        builtIn('by-echo', 'webhook', { server: 'judges', tool: 'echo' }, { phases: ['pre'] }),
        builtIn('by-nobody', 'webhook', { server: 'nobody', tool: 'echo' }, { phases: ['pre'] }),
      ],
    },
  });
  for (const [alias, guardrail] of [
    ['pre', 'ask-pre'],
    ['during', 'ask-during'],
    ['post', 'ask-post'],
    ['nobody_asked', 'by-nobody'],
    ['echo_asked', 'by-echo'],
  ] as const) {
    await registerServer(gateway, { alias, url: upstream.url, guardrails: [guardrail] });
  }
  key = await makeKey(gateway, { mcp_servers: ['all-proxy-mcpservers'] }, { key_alias: 'ci' });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await receiver.close();
});
beforeEach(() => {
  upstream.requests.clear();
  receiver.received.length = 0;
  receiver.behaviour = ALLOW;
});

const call = (server: string, args: Record<string, unknown> = { text: 'hello' }) =>
  REST_DOOR.call(gateway.url, { key, server, tool: 'echo', arguments: args, requestId: 'webhook' });

const answers = (more: object): Behaviour => ({ kind: 'answer', answer: ({ id }) => ({ id, ...more }) });
const raw = (body: string, more: Partial<Extract<Behaviour, { kind: 'raw' }>> = {}): Behaviour => ({
  kind: 'raw',
  status: 200,
  type: 'application/json',
  body,
  ...more,
});

describe('a question', () => {
  it('describes the call, is signed with both secrets, and holds no credential', async () => {
    expect((await call('pre')).kind).toBe('ok');
    const [asked] = receiver.received;
    if (asked === undefined) throw new Error('nothing was asked');
    expect(asked.path).toBe('/check?tenant=a');
    expect(asked.question).toMatchObject({
      ...{ version: 1, id: expect.stringMatching(/^msg_[0-9a-f-]{36}$/), guardrail: 'ask-pre', phase: 'pre' },
      call: {
        ...{ origin: 'rest', tool: 'echo', public_name: 'echo', arguments: { text: 'hello' } },
        server: { alias: 'pre' },
        principal: { key_alias: 'ci', roles: ['internal_user'] },
      },
    });
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = asked.headers;
    expect(id).toBe(asked.question['id']);
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(30);
    expect(String(signature).split(' ')).toEqual([
      expectedSignature(SECRET, asked),
      expectedSignature(Buffer.from('an-older-secret-of-thirty-two-bytes'), asked),
    ]);
    expect(asked.body + JSON.stringify(asked.headers)).not.toContain(key);
  });

  it('has an id of its own every time, and shares its connection with others', async () => {
    for (let round = 0; round < 10; round++) await call('pre');
    expect(new Set(receiver.received.map(({ question }) => question['id'])).size).toBe(10);
    const before = receiver.connections;
    for (let round = 0; round < 10; round++) await call('pre');
    expect(receiver.connections).toBe(before);
  });

  it('of the post phase holds the result', async () => {
    await call('post');
    expect(receiver.received[0]?.question).toMatchObject({
      phase: 'post',
      result: { content: [{ type: 'text', text: 'hello' }] },
      messages: [],
    });
  });

  it('of the post phase holds what the upstream said besides, which a denial withholds too', async () => {
    const url = `${gateway.url}/post/mcp`;
    const withProgress = async () =>
      (await callTool({ client: '2026', url, key, tool: 'progress', arguments: {} })).answer;
    const delivered = ({ events }: ClientAnswer) => events.filter(({ method }) => method === 'notifications/progress');
    expect(delivered(await withProgress())).toHaveLength(3);
    const params = [1, 2, 3].map((progress) => expect.objectContaining({ progress, total: 3 }));
    const told = params.map((param) => ({ method: 'notifications/progress', params: param }));
    expect(receiver.received.map(({ question }) => question['messages'])).toEqual([told]);
    receiver.behaviour = answers({ action: 'deny' });
    const denied = await withProgress();
    expect(delivered(denied)).toEqual([]);
    expect(denied.result).toMatchObject({ isError: true });
  });
});

describe('an answer', () => {
  it('may change arguments and headers, which arrive', async () => {
    receiver.behaviour = answers({ action: 'change', arguments: { text: 'changed' }, headers: { 'x-checked': 'yes' } });
    expect((await call('pre')).text).toBe('changed');
    const [sent] = upstream.requests.of('tools/call');
    expect(sent?.headers['x-checked']).toBe('yes');
    expect(sent?.rpc).toMatchObject({ params: { arguments: { text: 'changed' } } });
  });

  it('may change the result', async () => {
    receiver.behaviour = answers({ action: 'change', result: { content: [{ type: 'text', text: 'hidden' }] } });
    expect((await call('post')).text).toBe('hidden');
    expect(upstream.callCount).toBe(1);
  });

  it.each([...MCP_DOORS, REST_DOOR].map((door) => [door.name, door] as const))(
    'may deny, with its message, before anything is sent: %s',
    async (_, door) => {
      receiver.behaviour = answers({ action: 'deny', message: 'no customer data' });
      const answer = await door.call(gateway.url, {
        ...{ key, server: 'pre', tool: 'echo', arguments: {}, requestId: 'webhook-deny' },
      });
      expect(upstream.callCount).toBe(0);
      expect(answer).toMatchObject({ code: 'guardrail_denied', text: 'no customer data' });
    },
  );

  it.each(['during', 'post'])('may deny in the %s phase, and the result is withheld', async (server) => {
    receiver.behaviour = answers({ action: 'deny' });
    const answer = await call(server, { text: 'the result' });
    expect(answer).toMatchObject({ code: 'guardrail_denied', text: 'A guardrail does not allow this call' });
    expect(answer.raw.text).not.toContain('the result');
  });
});

describe('an answer that is none blocks the call', () => {
  let replayed = '';
  const wrong: [string, Behaviour][] = [
    ['late', { kind: 'hangs' }],
    ['cut off', { kind: 'drops' }],
    ['endless', { kind: 'endless' }],
    ['too large', raw(`{"id":"$ID","action":"allow","x":"${'x'.repeat(5000)}"}`)],
    ['an error', raw('{"id":"$ID","action":"allow"}', { status: 500 })],
    ['a creation', raw('{"id":"$ID","action":"allow"}', { status: 201 })],
    ['a redirection', raw('', { status: 307, location: '/elsewhere' })],
    ['a page', raw('<html>', { type: 'text/html' })],
    ['a page that says it is JSON', raw('<html>')],
    ['empty', raw('')],
    ['null', raw('null')],
    ['a list', raw('[]')],
    ['without action', answers({})],
    ['with an unknown action', answers({ action: 'permit' })],
    ['with an unknown member', answers({ action: 'allow', reason: 'because' })],
    ['with a message that is no text', answers({ action: 'deny', message: { a: 1 } })],
    ['a change of nothing', answers({ action: 'change' })],
    ['a change of a result before there is one', answers({ action: 'change', result: { content: [] } })],
    ['arguments that are no object', answers({ action: 'change', arguments: [] })],
    ['a header that is reserved', answers({ action: 'change', headers: { host: 'evil' } })],
    ['a header that splits', answers({ action: 'change', headers: { 'x-a': 'b\r\nc: d' } })],
    ['without id', { kind: 'answer', answer: () => ({ action: 'allow' }) }],
    ['a member twice', raw('{"id":"$ID","action":"deny","action":"allow"}')],
    [
      'nested without end',
      raw(`{"id":"$ID","action":"change","arguments":{"a":${'['.repeat(100)}${']'.repeat(100)}}}`),
    ],
  ];

  it.each(wrong)('%s', async (_, behaviour) => {
    receiver.behaviour = behaviour;
    const answer = await call('pre');
    expect(upstream.callCount).toBe(0);
    expect(answer).toMatchObject({ status: 503, code: 'guardrail_unavailable' });
    expect(answer.raw.text).not.toContain('127.0.0.1');
    expect(receiver.received).toHaveLength(1);
  });

  it('that was good for an earlier question', async () => {
    receiver.behaviour = {
      kind: 'answer',
      answer: ({ id }) => {
        replayed = String(id);
        return { id, action: 'allow' };
      },
    };
    expect((await call('pre')).kind).toBe('ok');
    upstream.requests.clear();
    receiver.behaviour = { kind: 'answer', answer: () => ({ id: replayed, action: 'allow' }) };
    expect((await call('pre')).code).toBe('guardrail_unavailable');
    expect(upstream.callCount).toBe(0);
  });

  it.each(['during', 'post'])('in the %s phase too, and there it may not change a call', async (server) => {
    receiver.behaviour = answers({ action: 'change', arguments: {} });
    const answer = await call(server, { text: 'the result' });
    expect(answer.code).toBe('guardrail_unavailable');
    expect(answer.raw.text).not.toContain('the result');
  });

  it('to a call that is too large to be asked about', async () => {
    const answer = await call('pre', { text: 'x'.repeat(9000) });
    expect(receiver.received).toEqual([]);
    expect(upstream.callCount).toBe(0);
    expect(answer.code).toBe('guardrail_unavailable');
  });

  it('and gives the connection back when the caller leaves', async () => {
    receiver.behaviour = { kind: 'hangs' };
    const before = receiver.abandoned;
    await call('pre');
    for (let round = 0; receiver.abandoned === before && round < 100; round++) {
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(receiver.abandoned).toBe(before + 1);
  });
});

describe('a tool that is asked', () => {
  let judges: RecordingHttpUpstream;

  beforeAll(async () => {
    judges = await RecordingHttpUpstream.start({ era: '2026', scripted: { judge } });
    await registerServer(gateway, { alias: 'judges', url: judges.url, guardrails: ['by-tool'] });
    await registerServer(gateway, { alias: 'judged', url: upstream.url, guardrails: ['by-tool'] });
  });
  afterAll(() => judges.close());
  beforeEach(() => judges.requests.clear());

  it('takes the one road, is recorded as a caller of its own, and lets a call pass', async () => {
    expect((await call('judged')).kind).toBe('ok');
    expect(upstream.callCount).toBe(1);
    const [asked] = judges.requests.of('tools/call');
    expect(asked?.rpc).toMatchObject({
      params: {
        name: 'judge',
        arguments: { guardrail: 'by-tool', phase: 'pre', call: { server: { alias: 'judged' } } },
      },
    });
    const records = await gateway.sql<{ request_id: string; door: string }>(
      `SELECT * FROM audit_records WHERE tool IN ('judge', 'echo') ORDER BY at DESC LIMIT 2`,
    );
    const question = records.find(({ door }) => door === 'guardrail');
    const asking = records.find(({ door }) => door === 'rest') as unknown as { id: string };
    expect(JSON.stringify(question)).toContain('guardrail:by-tool');
    expect(question?.request_id).toBe(asking.id);
  });

  it('may deny by a text, and change by structured content', async () => {
    expect(await call('judged', { text: 'forbidden' })).toMatchObject({ code: 'guardrail_denied', text: 'not that' });
    expect(upstream.callCount).toBe(0);
    expect((await call('judged', { text: 'change' })).text).toBe('changed by a tool');
  });

  it.each(['fail', 'another question', 'no json', 'huge'])('blocks when it answers wrongly: %s', async (text) => {
    expect((await call('judged', { text })).code).toBe('guardrail_unavailable');
    expect(upstream.callCount).toBe(0);
    expect(judges.callCount).toBe(1);
  });

  it('is not asked about itself: a question ends', async () => {
    expect((await call('echo_asked')).code).toBe('guardrail_unavailable');
    expect(judges.callCount).toBe(1);
    expect(upstream.callCount).toBe(0);
  });

  it('that does not exist blocks the call', async () => {
    expect((await call('nobody_asked')).code).toBe('guardrail_unavailable');
    expect(upstream.callCount).toBe(0);
  });
});

it('is measured and listed like any other guardrail', async () => {
  const metrics = await http(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.masterKey}` } });
  expect(metrics.text).toMatch(/gatehouse_guardrail_outcomes_total\{[^}]*ask-pre[^}]*\}/);
});

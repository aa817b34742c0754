import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  GuardrailViolation,
  McpHook,
  type DuringMcpCall,
  type PostMcpCall,
  type PreCallChange,
  type PreMcpCall,
  type ToolCallResult,
  type ToolCallView,
  type UpstreamMessage,
} from '../../../src/index.js';
import { Gate } from '../../fixtures/upstreams/gate.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { callTool, type Client } from './clients.js';

/** What the hooks do, chosen by the test; the gate holds back the hook beside the call. */
let beside: 'passes' | 'blocks' = 'passes';
let gate = new Gate();
const seenBeside: unknown[] = [];
const seenMessages: UpstreamMessage[] = [];

@McpHook({ name: 'beside', timeoutMs: 10_000 })
class Beside implements PreMcpCall, DuringMcpCall {
  preMcpCall(call: ToolCallView): PreCallChange | void {
    if (call.arguments.change === true) return { arguments: { changed: true } };
  }

  async duringMcpCall(call: ToolCallView): Promise<void> {
    seenBeside.push(call.arguments);
    const aborted = new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve()));
    await Promise.race([gate.opened, aborted]);
    if (beside === 'blocks') throw new GuardrailViolation('found beside the call', { details: { rule: 3 } });
  }
}

@McpHook({ name: 'after', defaultOn: false })
class After implements PostMcpCall {
  postMcpCall(
    call: ToolCallView,
    _result: Readonly<ToolCallResult>,
    messages: readonly UpstreamMessage[],
  ): ToolCallResult | void {
    seenMessages.push(...messages);
    if (call.arguments.after === 'blocks') throw new GuardrailViolation('found in the result');
    if (call.arguments.after === 'changes') return { content: [{ type: 'text', text: 'masked' }] };
  }
}

const [backend] = availableBackends();
const CLIENTS: readonly Client[] = ['2026', '2025'];

describe.each(['2025', '2026'] as const)('hooks beside a call of a %s upstream', (era) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    if (backend === undefined) throw new Error('there is no backend');
    upstream = await RecordingHttpUpstream.start({ era });
    gateway = await startTestGateway(backend, { hooks: [Beside, After] });
    await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url });
    await registerServer(gateway, { alias: 'watched', transport: 'http', url: upstream.url, guardrails: ['after'] });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    gate = new Gate();
    upstream.requests.clear();
    upstream.cancelledCalls.length = 0;
    upstream.hold();
    seenBeside.length = 0;
    seenMessages.length = 0;
  });
  afterEach(() => gate.open());

  const call = (client: Client, tool: string, args: Record<string, unknown> = {}, server = 'up') =>
    callTool({ client, url: `${gateway.url}/${server}/mcp`, key: gateway.masterKey, tool, arguments: args });

  /** The upstream has the call, and had time to answer it. */
  async function answered(): Promise<void> {
    await upstream.requests.received('tools/call');
    await pause(100);
  }

  it.each(CLIENTS)('a refusal wins over a result that was there first (%s client)', async (client) => {
    beside = 'blocks';
    const { answer, requestId } = await call(client, 'echo', { text: 'hello' });
    await answered();
    gate.open();
    const { text, result } = await answer;
    expect(upstream.callCount).toBe(1);
    expect(text).not.toContain('hello');
    expect(result).toMatchObject({
      isError: true,
      _meta: { 'gatehouse/error': { code: 'guardrail_denied', sent: 'yes', guardrail: 'beside' } },
    });
    const records = await gateway.sql(
      'SELECT outcome, code, sent, guardrails FROM audit_records WHERE request_id = $1',
      [requestId],
    );
    expect(records).toEqual([
      {
        outcome: 'blocked',
        code: 'guardrail_denied',
        sent: 'yes',
        guardrails: [
          { name: 'beside', phase: 'pre', outcome: 'pass' },
          { name: 'beside', phase: 'during', outcome: 'blocked', details: { rule: 3 } },
        ],
      },
    ]);
    const metrics = await gateway.admin('GET', '/metrics');
    expect(metrics.text).toMatch(/guardrail_outcomes_total\{guardrail="beside",phase="during",outcome="blocked"\} \d/);
  });

  it.each(CLIENTS)('a refusal ends the call at the upstream (%s client)', async (client) => {
    beside = 'blocks';
    const { answer } = await call(client, 'slow');
    await upstream.requests.received('tools/call');
    gate.open();
    const [{ result }] = await Promise.all([answer, upstream.cancellation()]);
    expect(result).toMatchObject({ _meta: { 'gatehouse/error': { code: 'guardrail_denied', sent: 'yes' } } });
  });

  it('the result waits for the hooks, which see the arguments that were sent', async () => {
    beside = 'passes';
    const { answer } = await call('2026', 'echo', { change: true });
    await answered();
    expect(await Promise.race([answer, 'waiting'])).toBe('waiting');
    gate.open();
    expect((await answer).result).toMatchObject({ content: [{ text: '{"changed":true}' }] });
    expect(seenBeside).toEqual([{ changed: true }]);
  });

  it('does not run beside a call that is refused before it is sent', async () => {
    const { answer } = await call('2026', 'unknown');
    await answer;
    expect(seenBeside).toEqual([]);
  });

  it('a client that cancels is not told of a refusal', async () => {
    beside = 'blocks';
    const { answer, requestId, abort } = await call('2026', 'slow');
    await upstream.requests.received('tools/call');
    abort();
    await expect(answer).rejects.toThrow(/aborted/i);
    await upstream.cancellation();
    await pause(50);
    const records = await gateway.sql('SELECT code FROM audit_records WHERE request_id = $1', [requestId]);
    expect(records).toEqual([{ code: 'call_cancelled' }]);
  });

  describe.each(CLIENTS)('messages on the way to a %s client', (client) => {
    const log = { logLevel: 'debug' } as const;

    it.each(['progress', 'log'])('%s waits for the hooks beside the call', async (tool) => {
      beside = 'passes';
      const { answer, begun } = await callTool({
        ...{ client, url: `${gateway.url}/up/mcp`, key: gateway.masterKey, tool, arguments: {}, ...log },
      });
      await answered();
      expect(begun()).toBe(false);
      gate.open();
      const { events, result } = await answer;
      expect(events.length).toBeGreaterThan(1);
      expect(result).toMatchObject({ content: [{ text: `${tool} is done` }] });
    });

    it.each(['progress', 'log'])('%s of a refused call is dropped', async (tool) => {
      beside = 'blocks';
      const { answer } = await callTool({
        ...{ client, url: `${gateway.url}/up/mcp`, key: gateway.masterKey, tool, arguments: {}, ...log },
      });
      await answered();
      gate.open();
      const { text } = await answer;
      expect(text).not.toMatch(/notifications|a line of/);
    });

    it.each([
      ['passes', 3],
      ['changes', 0],
      ['blocks', 0],
    ])('when the hook after the call %s, %d of them arrive, and it saw them', async (after, expected) => {
      beside = 'passes';
      gate.open();
      const url = `${gateway.url}/watched/mcp`;
      const { answer } = await callTool({
        ...{ client, url, key: gateway.masterKey, tool: 'progress', arguments: { after }, ...log },
      });
      const { text } = await answer;
      expect(text.match(/notifications\/progress/g) ?? []).toHaveLength(expected);
      expect(seenMessages.map(({ params }) => params.progress)).toEqual([1, 2, 3]);
    });
  });

  it('a question to the client waits for the hooks beside the call', async () => {
    beside = 'blocks';
    const { answer, begun } = await call('2025', 'ask');
    await answered();
    expect(begun()).toBe(false);
    gate.open();
    const { text } = await answer;
    expect(text).not.toContain('What is your name?');
    expect(text).toContain('guardrail_denied');
  });
});

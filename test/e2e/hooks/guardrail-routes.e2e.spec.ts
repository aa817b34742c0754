import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { GuardrailEntry } from '../../../src/config/guardrail-entry.js';
import {
  GuardrailViolation,
  MCP_CALL_GUARDS,
  McpHook,
  type DuringMcpCall,
  type PreCallChange,
  type PreMcpCall,
  type ToolCallView,
} from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let duringRuns = 0;

@McpHook({ name: 'headers', order: 5, defaultOn: false })
class Headers implements PreMcpCall, DuringMcpCall {
  preMcpCall(): PreCallChange {
    return { headers: { authorization: 'Bearer signed', 'x-tenant': 'acme', 'x-mcp-channel-token': 'signed' } };
  }

  duringMcpCall(): void {
    duringRuns++;
  }
}

@McpHook({ name: 'breaks', defaultOn: false, failOpen: true })
class Breaks implements PreMcpCall {
  preMcpCall(call: ToolCallView): void {
    if (call.arguments['break'] === true) throw new Error('hunter2');
    if (call.arguments['block'] === true) throw new GuardrailViolation('not that');
  }
}

@McpHook({ name: 'strict', defaultOn: false })
class Strict implements PreMcpCall {
  preMcpCall(): void {
    throw new Error('hunter2');
  }
}

@Module({ providers: [{ provide: MCP_CALL_GUARDS, useValue: { canActivate: () => true } }] })
class GuardModule {}

const PII: GuardrailEntry = {
  name: 'personal-data',
  source: { kind: 'built_in', builtIn: 'pii', settings: { values: {}, places: {} } },
  phases: ['pre', 'post'],
  defaultOn: true,
  order: 7,
  timeoutMs: null,
  failOpen: null,
};
const [backend] = availableBackends();

interface Tested {
  readonly outcome: string;
  readonly arguments: unknown;
  readonly headers: unknown;
  readonly result?: unknown;
  readonly steps: readonly { readonly name: string; readonly duration_ms: number | null }[];
}

describe('/v1/mcp/guardrails', () => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;
  let key: string;

  beforeAll(async () => {
    if (backend === undefined) throw new Error('there is no backend');
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend, {
      hooks: [Headers, Breaks, Strict],
      modules: [GuardModule],
      config: { guardrails: [PII] },
    });
    await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url });
    key = await makeKey(
      gateway,
      { mcp_tool_permissions: { up: ['echo', 'headers'] } },
      {
        metadata: { guardrails: ['headers', 'breaks'] },
        rpm_limit: 1,
      },
    );
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => upstream.requests.clear());

  async function test(body: object): Promise<Tested> {
    const answer = await gateway.admin('POST', '/v1/mcp/guardrails/test', {
      server_id: 'up',
      tool_name: 'echo',
      ...body,
    });
    expect(answer.status).toBe(200);
    expect(upstream.callCount).toBe(0);
    expect(answer.text).not.toMatch(/hunter2|Bearer signed/);
    return answer.json as Tested;
  }

  it('tries a call out with the guardrails of the caller, and sends nothing', async () => {
    const tested = await test({ arguments: { text: 'mail ann@example.com' } });
    expect(tested).toMatchObject({
      ...{ outcome: 'pass', code: null, headers: {}, arguments: { text: 'mail [EMAIL]' } },
      steps: [
        { name: 'Object', phase: 'guard', outcome: 'pass' },
        { name: 'personal-data', phase: 'pre', outcome: 'changed' },
      ],
    });
    for (const { duration_ms } of tested.steps) expect(duration_ms).toBeGreaterThanOrEqual(0);
    expect(tested).not.toHaveProperty('result');
  });

  it('with a key it takes the guardrails of the key, and shows no credential', async () => {
    duringRuns = 0;
    expect(await test({ key, arguments: { text: 'x' } })).toMatchObject({
      outcome: 'pass',
      headers: { authorization: '***', 'x-tenant': 'acme', 'x-mcp-channel-token': '***' },
      steps: [
        { name: 'Object', phase: 'guard' },
        { name: 'headers', phase: 'pre', outcome: 'changed' },
        { name: 'personal-data', phase: 'pre', outcome: 'pass' },
        { name: 'breaks', phase: 'pre', outcome: 'pass' },
        { name: 'headers', phase: 'during', outcome: 'pass' },
      ],
    });
    expect(duringRuns).toBe(1);
  });

  it('shows a result to the hooks after the call', async () => {
    const tested = await test({ result: { content: [{ type: 'text', text: 'ann@example.com' }] } });
    expect(tested).toMatchObject({ outcome: 'pass', result: { content: [{ type: 'text', text: '[EMAIL]' }] } });
    expect(tested.steps.at(-1)).toMatchObject({ name: 'personal-data', phase: 'post', outcome: 'changed' });
  });

  it('tells who blocks, who fails, and who fails open', async () => {
    expect(await test({ key, arguments: { block: true } })).toMatchObject({
      ...{ outcome: 'blocked', code: 'guardrail_denied', message: 'not that' },
      steps: expect.arrayContaining([
        expect.objectContaining({ name: 'breaks', phase: 'pre', outcome: 'blocked', message: 'not that' }),
      ]),
    });
    expect(await test({ key, arguments: { break: true } })).toMatchObject({
      outcome: 'pass',
      steps: expect.arrayContaining([expect.objectContaining({ name: 'breaks', outcome: 'failed_open' })]),
    });
    const failing = await makeKey(gateway, { mcp_servers: ['up'] }, { metadata: { guardrails: ['strict'] } });
    expect(await test({ key: failing })).toMatchObject({ outcome: 'failed', code: 'guardrail_unavailable' });
  });

  it('checks changed arguments again, by the schema and the rules', async () => {
    const args = { limit: 4111111111111111 };
    expect(await test({ tool_name: 'headers', arguments: args })).toMatchObject({
      ...{ outcome: 'failed', code: 'invalid_arguments', arguments: { limit: '[CARD]' } },
      message: expect.stringContaining('do not fit the schema: limit'),
    });
    const denied = { argument_rules: [{ tool: 'echo', when: "args.text != '[EMAIL]'", effect: 'allow' }] };
    const ruled = await makeKey(gateway, { mcp_servers: ['up'] }, denied);
    expect(await test({ key: ruled, arguments: { text: 'plain' } })).toMatchObject({ outcome: 'pass' });
    expect(await test({ key: ruled, arguments: { text: 'ann@example.com' } })).toMatchObject({
      code: 'invalid_arguments',
    });
  });

  it('answers for a tool that the key may not call as the doors do', async () => {
    expect(await test({ key, tool_name: 'add' })).toMatchObject({ outcome: 'failed', code: 'unknown_tool', steps: [] });
    const other = await makeKey(gateway, { mcp_servers: ['no-mcp-servers'] });
    expect(await test({ key: other })).toMatchObject({ outcome: 'failed', code: 'forbidden_scope', steps: [] });
  });

  it('uses up no limit and leaves no record', async () => {
    const count = async (): Promise<unknown> =>
      (await gateway.sql<{ count: string }>('SELECT count(*) FROM audit_records WHERE public_name IS NOT NULL'))[0]
        ?.count;
    const before = await count();
    for (let time = 0; time < 3; time++) await test({ key });
    expect(await count()).toBe(before);
    const call = await http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: { server_id: 'up', name: 'echo', arguments: { text: 'real' } },
    });
    expect(upstream.callCount).toBe(1);
    expect(call.status).toBe(200);
  });

  it.each<[string, object, number, string]>([
    ['a server that is not there', { server_id: 'nowhere', tool_name: 'x' }, 404, 'not_found'],
    ['a key that is not there', { server_id: 'up', tool_name: 'echo', key: 'a'.repeat(64) }, 404, 'not_found'],
    ['no tool', { server_id: 'up' }, 400, 'invalid_request'],
    ['a result that is none', { server_id: 'up', tool_name: 'echo', result: { a: 1 } }, 400, 'invalid_request'],
    ['a field that is none', { server_id: 'up', tool_name: 'echo', args: {} }, 400, 'unknown_field'],
  ])('refuses %s', async (_, body, status, code) => {
    expect(await gateway.admin('POST', '/v1/mcp/guardrails/test', body)).toMatchObject({ status, json: { code } });
  });

  it('lists every hook with what it did', async () => {
    const { status, json } = await gateway.admin('GET', '/v1/mcp/guardrails');
    expect(status).toBe(200);
    const { guardrails } = json as { guardrails: Record<string, unknown>[] };
    expect(guardrails.map(({ name }) => name)).toEqual(['headers', 'personal-data', 'breaks', 'strict']);
    const stats = { calls: expect.any(Number), p50_ms: expect.any(Number), p99_ms: expect.any(Number) };
    expect(guardrails).toMatchObject([
      { order: 5, phases: ['pre', 'during'], source: 'module', default_on: false, fail_open: false, stats },
      { order: 7, phases: ['pre', 'post'], source: 'built_in:pii', default_on: true, fail_open: false, stats },
      { order: 100, fail_open: true, stats: { ...stats, blocks: 1, failures: 1 } },
      { stats: { calls: 1, blocks: 0, failures: 1 } },
    ]);
  });

  it('is for admins only', async () => {
    const as = (credential: string, method: 'GET' | 'POST', path: string) =>
      http(`${gateway.url}/v1/mcp/guardrails${path}`, {
        method,
        headers: { authorization: `Bearer ${credential}` },
        ...(method === 'POST' && { body: { server_id: 'up', tool_name: 'echo' } }),
      });
    expect((await as(key, 'GET', '')).status).toBe(403);
    expect((await as(key, 'POST', '/test')).status).toBe(403);
    expect((await as('sk-nobody-nobody-nobody-nobody-nobody', 'GET', '')).status).toBe(401);
    expect(upstream.callCount).toBe(0);
  });
});

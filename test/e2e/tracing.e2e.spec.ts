import { Injectable } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { McpHook } from '../../src/hooks/mcp-hook.decorator.js';
import { Secret } from '../../src/common/secret.js';
import { OtlpReceiver, type ReceivedSpan } from '../fixtures/otlp-receiver.js';
import { RecordingApi } from '../fixtures/openapi/recording-api.js';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { ask, messageOf, type Revision } from './capabilities/capability-world.js';
import { availableBackends } from './support/backends.js';
import { registerServer } from './support/management.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const CALLERS_SPAN = 'b7ad6b7169203331';
const ERAS: readonly Revision[] = ['2025', '2026'];

@Injectable()
@McpHook({ name: 'onlooker' })
class Onlooker {
  preMcpCall(): void {}
  postMcpCall(): void {}
}

let traces = 0;
const newTraceId = (): string => (++traces).toString(16).padStart(32, '0');
const parentOf = (traceId: string): string => `00-${traceId}-${CALLERS_SPAN}-01`;

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const span = spans.find((one) => one.name === name);
  if (span === undefined) throw new Error(`there is no span ${name}`);
  return span;
}

async function startUpstreams(gateway: TestGateway): Promise<Record<Revision, RecordingHttpUpstream>> {
  const [old, modern] = await Promise.all(ERAS.map((era) => RecordingHttpUpstream.start({ era })));
  if (old === undefined || modern === undefined) throw new Error('no upstream');
  await registerServer(gateway, { alias: 'u2025', url: old.url });
  await registerServer(gateway, { alias: 'u2026', url: modern.url });
  return { '2025': old, '2026': modern };
}

/** What the upstream was told in the latest call: in the header and in `_meta`. */
function contextOf(upstream: RecordingHttpUpstream): { header: unknown; meta: unknown } {
  const call = upstream.requests.of('tools/call').at(-1);
  const { _meta: meta } = (call?.rpc?.['params'] ?? {}) as { _meta?: Record<string, unknown> };
  return { header: call?.headers['traceparent'], meta: meta?.['traceparent'] };
}

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  let gateway: TestGateway;
  let receiver: OtlpReceiver;
  let api: RecordingApi;
  let upstreams: Record<Revision, RecordingHttpUpstream>;

  beforeAll(async () => {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('no backend');
    [receiver, api] = await Promise.all([OtlpReceiver.start(), RecordingApi.start()]);
    const tracing = { endpoint: receiver.url, headers: new Secret({ authorization: 'Bearer otlp' }) };
    gateway = await startTestGateway(backend, { config: { tracing }, hooks: [Onlooker] });
    upstreams = await startUpstreams(gateway);
    await registerServer(gateway, { alias: 'api', spec_path: api.specPath });
  });

  afterAll(async () => {
    await gateway.close();
    await Promise.all([receiver.close(), api.close(), ...Object.values(upstreams).map((upstream) => upstream.close())]);
  });

  const pairs = ERAS.flatMap((client) => ERAS.map((server) => [client, server] as const));
  it.each(pairs)('a call of a %s client to a %s server has a span for each part', async (client, server) => {
    const traceId = newTraceId();
    const params = { name: `u${server}-echo`, arguments: { text: 'x' }, _meta: { traceparent: parentOf(traceId) } };
    const headers = { traceparent: parentOf(traceId) };
    await ask({ gateway }, gateway.masterKey, client, 'tools/call', params, '/mcp', headers);
    const spans = await receiver.trace(traceId, `tools/call u${server}-echo`);
    const root = named(spans, `tools/call u${server}-echo`);
    expect(root).toMatchObject({ parentSpanId: CALLERS_SPAN, kind: 2 });
    for (const part of ['authorize', 'pre_hooks', 'upstream', 'post_hooks']) {
      expect(named(spans, part).parentSpanId).toBe(root.spanId);
    }
    const told = `00-${traceId}-${named(spans, 'upstream').spanId}-01`;
    expect(contextOf(upstreams[server])).toEqual({ header: told, meta: told });
    expect(root.attributes).toContainEqual({ key: 'gatehouse.outcome', value: { stringValue: 'ok' } });
    expect(receiver.requests.at(-1)).toMatchObject({ path: '/v1/traces', headers: { authorization: 'Bearer otlp' } });
  });

  it('a refused call has a span that says so, and nothing is sent', async () => {
    const traceId = newTraceId();
    const params = { name: 'u2026-absent', arguments: {}, _meta: { traceparent: parentOf(traceId) } };
    await ask({ gateway }, gateway.masterKey, '2026', 'tools/call', params);
    const spans = await receiver.trace(traceId, 'tools/call u2026-absent');
    expect(spans.map(({ name }) => name)).toEqual(['tools/call u2026-absent']);
    expect(spans[0]?.status).toEqual({ code: 2, message: 'unknown_tool' });
  });

  it('an API behind an OpenAPI document is told in the header', async () => {
    const traceId = newTraceId();
    const headers = { authorization: `Bearer ${gateway.masterKey}`, traceparent: parentOf(traceId) };
    const listed = await ask({ gateway }, gateway.masterKey, '2026', 'tools/list', {}, '/api/mcp');
    const tools = (messageOf(listed).result?.['tools'] ?? []) as {
      name: string;
      inputSchema: { required?: string[] };
    }[];
    const tool = tools.find(({ inputSchema }) => (inputSchema.required ?? []).length === 0);
    const params = { name: tool?.name, arguments: {} };
    await ask({ gateway }, gateway.masterKey, '2026', 'tools/call', params, '/api/mcp', headers);
    const spans = await receiver.trace(traceId, `tools/call ${tool?.name}`);
    expect(api.requests.all.at(-1)?.headers['traceparent']).toBe(`00-${traceId}-${named(spans, 'upstream').spanId}-01`);
  });
});

describe('without it', () => {
  it('what the client says in `_meta` reaches the upstream as it is', async () => {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('no backend');
    const gateway = await startTestGateway(backend);
    const upstreams = await startUpstreams(gateway);
    const traceparent = parentOf(newTraceId());
    const params = { name: 'u2026-echo', arguments: { text: 'x' }, _meta: { traceparent } };
    await ask({ gateway }, gateway.masterKey, '2025', 'tools/call', params);
    expect(contextOf(upstreams['2026'])).toEqual({ header: undefined, meta: traceparent });
    await gateway.close();
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
  });
});

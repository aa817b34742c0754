import { resolve } from 'node:path';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const EVERYTHING = resolve('node_modules/@modelcontextprotocol/server-everything/dist/index.js');

/** A gateway with upstreams of both families that offer prompts and resources, some of them under the same URIs. */
export interface CapabilityWorld {
  readonly gateway: TestGateway;
  readonly modern: RecordingHttpUpstream;
  readonly legacy: RecordingHttpUpstream;
  /** Not granted to {@link key}. */
  readonly secret: RecordingHttpUpstream;
  readonly key: string;
  /** Requests that upstreams got, by name of the upstream. */
  countOf(rpcMethod: string): Record<string, number>;
  close(): Promise<void>;
}

export async function startCapabilityWorld(): Promise<CapabilityWorld> {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  const [modern, legacy, secret] = await Promise.all([
    RecordingHttpUpstream.start({
      era: '2026',
      offer: {
        ...{ label: 'modern', prompts: ['ask', 'odd', 'asking'], templates: ['modern://{id}'] },
        resources: ['modern:thing', 'shared:thing'],
      },
    }),
    RecordingHttpUpstream.start({
      ...{ era: '2025', answerAs: 'sse' },
      offer: {
        ...{ label: 'legacy', prompts: ['ask', 'odd'], templates: ['legacy://{id}'] },
        resources: ['legacy:thing', 'shared:thing'],
      },
    }),
    RecordingHttpUpstream.start({
      era: '2026',
      offer: { label: 'secret', prompts: ['ask'], resources: ['secret:thing'], templates: ['secret://{id}'] },
    }),
  ]);
  const gateway = await startTestGateway(backend);
  const args = [EVERYTHING, 'stdio'];
  await registerServer(gateway, { alias: 'every', transport: 'stdio', command: process.execPath, args });
  await registerServer(gateway, { alias: 'modern', url: modern.url });
  await registerServer(gateway, { alias: 'legacy', url: legacy.url });
  await registerServer(gateway, { alias: 'secret', url: secret.url });
  const key = await makeKey(gateway, { mcp_servers: ['every', 'modern', 'legacy'] });
  const upstreams = { modern, legacy, secret };
  return {
    ...{ gateway, modern, legacy, secret, key },
    countOf: (rpcMethod) =>
      Object.fromEntries(
        Object.entries(upstreams).map(([name, { requests }]) => [name, requests.of(rpcMethod).length]),
      ),
    async close() {
      await gateway.close();
      await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
    },
  };
}

export type Params = Record<string, unknown>;
export type Revision = '2025' | '2026';

/** Sends one request without an SDK, so that nothing is checked or left out on the way. */
export function ask(
  world: { readonly gateway: Pick<TestGateway, 'url'> },
  key: string,
  revision: Revision,
  method: string,
  params: Params = {},
  path = '/mcp',
  more: Record<string, string> = {},
): Promise<HttpAnswer> {
  const headers = { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream', ...more };
  const { _meta: meta, ...rest } = params;
  const envelope = { ...rest, _meta: { ...ENVELOPE, ...(meta as Params | undefined) } };
  const body = { jsonrpc: '2.0', id: 1, method, params: revision === '2025' ? params : envelope };
  return http(world.gateway.url + path, {
    method: 'POST',
    headers: revision === '2025' ? headers : { ...headers, ...statelessHeaders(method, params) },
    body,
  });
}

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'vendor.example/trace': 'kept',
};

function statelessHeaders(method: string, { name, uri }: Params): Record<string, string> {
  const named = name ?? uri;
  return {
    ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method },
    ...(typeof named === 'string' && { 'mcp-name': named }),
  };
}

/** The message in an answer, as JSON or as the last event of a stream. */
export function messageOf({ json, events }: HttpAnswer): { result?: Params; error?: Params } {
  return (events.at(-1) ?? json) as { result?: Params; error?: Params };
}

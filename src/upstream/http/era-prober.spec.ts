import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  aCall,
  aServer,
  credentialOf,
  invokeOptions,
  limits,
  loopbackOutbound,
} from '../../../test/fixtures/upstreams/upstream-factories.js';
import { HttpStage, textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import { Secret } from '../../common/secret.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ListChanges } from '../list-changes.js';
import { HttpBackend } from './http-backend.js';

interface Probe {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

/** Answers the probe as told, and anything else with 500; notes the methods that it was asked. */
async function probedServer(probe: Probe): Promise<{ server: Server; url: string; methods: string[] }> {
  const methods: string[] = [];
  const server = createServer(async (request, response) => {
    const { method, id } = JSON.parse(await text(request));
    methods.push(method);
    if (method !== 'server/discover') return void response.writeHead(500).end();
    const body = (probe.body ?? '').replaceAll('$ID', JSON.stringify(id));
    response.writeHead(probe.status, { 'content-type': probe.type ?? 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, methods };
}

const result = (body: string) => `{"jsonrpc":"2.0","id":$ID,"result":${body}}`;
const error = (code: number, data = 'null', id = '$ID') =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"m","data":${data}}}`;

describe('the era of an upstream', () => {
  const outbound = loopbackOutbound();
  const backend = new HttpBackend(outbound, new ListChanges(), limits());
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const askedFor = async (probe: Probe, overrides: Partial<McpServer> = {}) => {
    const probed = await probedServer(probe);
    server = probed.server;
    const registered = aServer({ url: new Secret(probed.url), ...overrides });
    const failure = await backend
      .invoke(aCall(registered, 'echo'), invokeOptions(), credentialOf(registered))
      .catch((thrown) => thrown);
    return { methods: probed.methods, failure };
  };

  it.each<[string, Probe]>([
    ['a discovery result with the revision', { status: 200, body: result('{"supportedVersions":["2026-07-28"]}') }],
    ['-32020', { status: 400, body: error(-32020) }],
    ['-32021', { status: 400, body: error(-32021) }],
    ['-32022 that offers the revision', { status: 400, body: error(-32022, '{"supported":["2026-07-28"]}') }],
    ['404 with -32601', { status: 404, body: error(-32601) }],
  ])('is 2026 after %s', async (_what, probe) => {
    expect((await askedFor(probe)).methods).toEqual(['server/discover', 'tools/call']);
  });

  it.each<[string, Probe]>([
    ['a discovery result without the revision', { status: 200, body: result('{"supportedVersions":["2099-01-01"]}') }],
    ['-32022 that offers another revision', { status: 400, body: error(-32022, '{"supported":["2099-01-01"]}') }],
    ['an unknown method with status 200', { status: 200, body: error(-32601) }],
    ['an error without an id', { status: 400, body: error(-32000, 'null', 'null') }],
    ['400 with a page', { status: 400, type: 'text/html', body: 'Bad' }],
    ['404 with a page', { status: 404, type: 'text/html', body: 'Not found' }],
    ['405', { status: 405 }],
    ['415', { status: 415 }],
  ])('is 2025 after %s', async (_what, probe) => {
    expect((await askedFor(probe)).methods).toEqual(['server/discover', 'initialize']);
  });

  it.each<[string, Probe, string]>([
    ['401', { status: 401 }, 'upstream_auth_required'],
    ['403', { status: 403 }, 'upstream_auth_required'],
    ['429', { status: 429 }, 'upstream_unavailable'],
    ['500', { status: 500 }, 'upstream_unavailable'],
    ['503 with an error', { status: 503, body: error(-32000) }, 'upstream_unavailable'],
    ['a redirect', { status: 302 }, 'upstream_protocol_error'],
    ['a page', { status: 200, type: 'text/html', body: 'Hello' }, 'upstream_protocol_error'],
  ])('stays open after %s', async (_what, probe, code) => {
    const { methods, failure } = await askedFor(probe);
    expect(failure).toMatchObject({ code, sent: 'no' });
    expect(methods).toEqual(['server/discover']);
  });

  it.each([
    ['2025', 'initialize'],
    ['2026', 'tools/call'],
  ] as const)('is not probed when it is pinned to %s', async (protocolEra, method) => {
    expect((await askedFor({ status: 500 }, { protocolEra })).methods).toEqual([method]);
  });
});

describe('the verdict about the era', () => {
  let stage: HttpStage;
  afterEach(() => stage.close());
  const probes = () => stage.upstream.requests.of('server/discover').length;

  it.each(['2025', '2026'] as const)('is kept (%s)', async (era) => {
    stage = await HttpStage.open({ upstream: { era } });
    await Promise.all([stage.call('echo'), stage.call('echo'), stage.toolNames()]);
    await stage.call('echo');
    expect(probes()).toBe(1);
  });

  it('for sessions ages, so that an upgrade is noticed', async () => {
    stage = await HttpStage.open({ upstream: { era: '2025' }, limits: { sessionEraMaxAgeMs: 0 } });
    await stage.call('echo');
    expect(textOf(await stage.call('echo', { text: 'b' }))).toBe('b');
    expect(probes()).toBe(2);
  });

  it('belongs to the server object: a changed server is probed anew', async () => {
    stage = await HttpStage.open({ upstream: { era: '2026' } });
    await stage.call('echo');
    const changed = { ...stage.server };
    await stage.backend.invoke(aCall(changed, 'echo'), invokeOptions(), credentialOf(changed));
    expect(probes()).toBe(2);
  });
});

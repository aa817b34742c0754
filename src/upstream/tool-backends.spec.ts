import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpStage } from '../../test/fixtures/upstreams/http-stage.js';
import {
  aCall,
  configWith,
  credentialOf,
  invokeOptions,
  limits,
  loopbackOutbound,
} from '../../test/fixtures/upstreams/upstream-factories.js';
import type { UpstreamCredentials } from '../credentials/upstream-credentials.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { OutboundClient } from '../outbound/outbound-client.js';
import { ArgumentSchemas } from '../permissions/argument-schema.js';
import { OpenApiBackend } from './openapi/openapi-backend.js';
import { SseBackend } from './sse/sse-backend.js';
import { StdioBackend } from './stdio/stdio-backend.js';
import { ToolBackends } from './tool-backends.js';
import { ToolLister } from './tool-lister.js';

describe('ToolBackends', () => {
  let stage: HttpStage;
  let backends: ToolBackends;
  let outbound: OutboundClient;
  let change: (ids: readonly string[]) => void;

  beforeEach(async () => {
    stage = await HttpStage.open({ upstream: { era: '2025' } });
    const registry: ServerRegistry = Object.create(ServerRegistry.prototype, {
      onChange: { value: (listener: typeof change) => void (change = listener) },
    });
    const stdio = new StdioBackend(configWith({ stdioCommands: [] }), stage.changes, limits());
    outbound = loopbackOutbound();
    const sse = new SseBackend(outbound, stage.changes, limits());
    const openapi = new OpenApiBackend(outbound, new ArgumentSchemas(), limits());
    const credentials: Pick<UpstreamCredentials, 'of'> = { of: credentialOf };
    backends = new ToolBackends(registry, stage.backend, sse, stdio, openapi, credentials);
    backends.onModuleInit();
  });

  afterEach(async () => {
    await backends.onApplicationShutdown();
    await outbound.onApplicationShutdown();
    await stage.close();
  });

  it('release what a changed server holds, and nothing of others', async () => {
    await backends.for(stage.server).invoke(aCall(stage.server, 'echo'), invokeOptions());
    change(['another server']);
    expect(stage.upstream.sessionCount).toBe(1);
    change([stage.server.id]);
    await stage.upstream.requests.find(({ method }) => method === 'DELETE');
  });

  it('end every session on shutdown', async () => {
    await backends.for(stage.server).invoke(aCall(stage.server, 'echo'), invokeOptions());
    await backends.onApplicationShutdown();
    expect(stage.upstream.sessionCount).toBe(0);
  });

  it('list through a lister that cannot call', async () => {
    const lister = new ToolLister(backends, stage.changes);
    const tools = await lister.list(stage.server, null, new AbortController().signal);
    expect(tools.map((tool) => tool.name)).toContain('echo');
    expect(lister).not.toHaveProperty('invoke');
  });

  it('tell when an upstream says that its tools changed', async () => {
    const lister = new ToolLister(backends, stage.changes);
    const changed: string[] = [];
    const end = lister.onListsChanged((serverId) => changed.push(serverId));
    const body = [
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
      '{"jsonrpc":"2.0","id":$ID,"result":{"content":[]}}',
    ].join('\n');
    const call = () => backends.for(stage.server).invoke(aCall(stage.server, 'raw', { body }), invokeOptions());
    await call();
    expect(changed).toEqual([stage.server.id]);
    end();
    await call();
    expect(changed).toHaveLength(1);
  });
});

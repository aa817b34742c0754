import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { makeKey } from '../support/management.js';
import { Replicas } from '../replicas/replicas.js';
import { ApprovalWorld } from './approval-world.js';

const CLIENT_INFO = { name: 'approvals', version: '1' };
const URL_CAPABILITY = { elicitation: { url: {} } };
const LARGE = { amount: 2000 };
const [backend] = availableBackends();

let world: ApprovalWorld;

beforeAll(async () => {
  world = await ApprovalWorld.start(backend!);
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => world.forget());

const requestInit = () => ({ headers: { authorization: `Bearer ${world.key}` } });
const door = () => new URL(`${world.gateway.url}/up/mcp`);

interface ModernAnswer {
  readonly resultType: string;
  readonly isError?: boolean;
  readonly inputRequests?: { approval: { method: string; params: { mode: string; url: string; message: string } } };
  readonly requestState?: string;
  readonly _meta: Record<string, unknown>;
}

/** One call of a 2026 client. */
async function modernCall(more: object = {}, capabilities: object = URL_CAPABILITY): Promise<ModernAnswer> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  const answer = await http(door().href, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${world.key}`, accept: 'application/json, text/event-stream' },
      ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' },
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: LARGE, ...more, _meta } },
  });
  return (answer.json as { result: ModernAnswer }).result;
}

describe('a 2026 client that can open URLs', () => {
  it('is sent to the approval, and its repetition goes through once that is given', async () => {
    const asked = await modernCall();
    const { id } = await world.only();
    expect(asked).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    expect(asked.inputRequests?.approval).toMatchObject({
      method: 'elicitation/create',
      params: {
        mode: 'url',
        url: expect.stringContaining(`approval=${id}`),
        message: expect.stringContaining('a person'),
      },
    });
    const repeated = { inputResponses: { approval: { action: 'accept' } }, requestState: asked.requestState };
    const early = await modernCall(repeated);
    expect(early).toMatchObject({ resultType: 'complete', isError: true });
    expect(early._meta['gatehouse/error']).toMatchObject({ code: 'approval_required', sent: 'no', guardrail: 'large' });
    expect(world.received()).toEqual([]);
    await world.decide(id, 'approve');
    expect(await modernCall(repeated)).toMatchObject({ resultType: 'complete', content: expect.any(Array) });
    const [sent] = world.upstream.requests.of('tools/call');
    expect(sent?.rpc?.['params']).toMatchObject({ name: 'echo', arguments: LARGE });
    expect(Object.keys(sent?.rpc?.['params'] as object)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/inputResponses|requestState/)]),
    );
  });

  it('gains nothing by a state that it made up', async () => {
    const { requestState = '' } = await modernCall();
    for (const state of [
      'gatehouse-approval:',
      requestState.slice(0, -4),
      `${requestState.slice(0, 60)}:v1.k1.a.b.c`,
    ]) {
      expect(await modernCall({ requestState: state })).toMatchObject({ resultType: 'input_required' });
    }
    expect(world.received()).toEqual([]);
    expect(await world.pending()).toHaveLength(1);
  });

  it('gets a result when it cannot open URLs', async () => {
    for (const capabilities of [{}, { elicitation: {} }, { elicitation: { form: {} } }]) {
      expect(await modernCall({}, capabilities)).toMatchObject({ resultType: 'complete', isError: true });
    }
  });

  it('needs nothing but the SDK for that', async () => {
    const client = new ModernClient(CLIENT_INFO, {
      capabilities: URL_CAPABILITY,
      versionNegotiation: { mode: { pin: '2026-07-28' } },
    });
    const opened: string[] = [];
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      opened.push(String('url' in params ? params.url : ''));
      await world.decide((await world.only()).id, 'approve');
      return { action: 'accept' as const };
    });
    await client.connect(new ModernTransport(door(), { requestInit: requestInit() }));
    const result = await client.callTool({ name: 'echo', arguments: LARGE });
    expect(world.received()).toEqual([LARGE]);
    expect(result).toMatchObject({ content: [{ type: 'text', text: JSON.stringify(LARGE) }] });
    expect(opened).toEqual([expect.stringContaining('/docs?approval=')]);
    await client.close();
  });
});

describe('a 2025 client', () => {
  it('that can open URLs is told to, and calls again', async () => {
    const client = new LegacyClient(CLIENT_INFO, { capabilities: URL_CAPABILITY });
    await client.connect(new LegacyTransport(door(), { requestInit: requestInit() }));
    const asked = await client.callTool({ name: 'echo', arguments: LARGE }).catch((error: unknown) => error);
    const { id } = await world.only();
    expect(asked).toMatchObject({
      code: ErrorCode.UrlElicitationRequired,
      data: { elicitations: [{ mode: 'url', elicitationId: id, url: expect.stringContaining(id) }] },
    });
    expect(world.received()).toEqual([]);
    await world.decide(id, 'approve');
    await client.callTool({ name: 'echo', arguments: LARGE });
    expect(world.received()).toEqual([LARGE]);
    await client.close();
  });

  it('that cannot gets a result', async () => {
    const client = new LegacyClient(CLIENT_INFO, { capabilities: { elicitation: {} } });
    await client.connect(new LegacyTransport(door(), { requestInit: requestInit() }));
    expect(await client.callTool({ name: 'echo', arguments: LARGE })).toMatchObject({
      isError: true,
      _meta: { 'gatehouse/error': { code: 'approval_required', sent: 'no', setupUrl: expect.any(String) } },
    });
    await client.close();
  });
});

describe.each(availableBackends())('two replicas on $name', (ofReplicas) => {
  it('use up an approval once between them', async () => {
    const replicas = await Replicas.start(ofReplicas);
    try {
      const ask = { tool: 'echo', when: 'args.amount > 100.0', effect: 'ask' };
      const key = await makeKey(replicas.a, { mcp_servers: ['up'] }, { argument_rules: [ask] });
      await replicas.acceptedOnB(key);
      const call = ({ url }: { url: string }) =>
        http(`${url}/mcp-rest/tools/call`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}` },
          body: { server_id: 'up', name: 'echo', arguments: LARGE },
        });
      expect(await call(replicas.a)).toMatchObject({ status: 403, json: { code: 'approval_required' } });
      const pending = (await replicas.b.admin('GET', '/v1/mcp/approvals?status=pending')).json as { id: string }[];
      expect(pending).toHaveLength(1);
      await replicas.b.admin('POST', `/v1/mcp/approvals/${pending[0]?.id}`, { decision: 'approve' });
      const both = [replicas.a, replicas.b];
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => call(both[index % 2]!)));
      expect(replicas.upstream.callCount).toBe(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    } finally {
      await replicas.close();
    }
  }, 60_000);
});

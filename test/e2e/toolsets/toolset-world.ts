import { randomUUID } from 'node:crypto';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Backend } from '../support/backends.js';
import { http, type HttpAnswer, type HttpCall } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const MODERN = '2026-07-28';
const ROUTE = '/v1/mcp/toolset';

/** A toolset as the management routes answer it. */
export interface ToolsetAnswer {
  readonly toolset_id: string;
  readonly toolset_name: string;
  readonly description: string | null;
  readonly tools: readonly { server_id: string; tool_name: string }[];
  readonly missing_tools?: readonly { server_id: string; tool_name: string }[];
}

/** A gateway with the servers alpha and beta, each an upstream of its own, and pub, which is open to all. */
export class ToolsetWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly alpha: RecordingHttpUpstream,
    readonly beta: RecordingHttpUpstream,
    readonly servers: Readonly<Record<'alpha' | 'beta' | 'pub', string>>,
  ) {}

  static async start(backend: Backend): Promise<ToolsetWorld> {
    const alpha = await RecordingHttpUpstream.start({ era: '2026' });
    const beta = await RecordingHttpUpstream.start({ era: '2025' });
    const gateway = await startTestGateway(backend);
    const servers = {
      alpha: await registerServer(gateway, { alias: 'alpha', url: alpha.url }),
      beta: await registerServer(gateway, { alias: 'beta', url: beta.url }),
      pub: await registerServer(gateway, { alias: 'pub', url: alpha.url, allow_all_keys: true }),
    };
    return new ToolsetWorld(gateway, alpha, beta, servers);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await Promise.all([this.alpha.close(), this.beta.close()]);
  }

  /** Calls that either upstream received. */
  get calls(): number {
    return this.alpha.callCount + this.beta.callCount;
  }

  clear(): void {
    this.alpha.requests.clear();
    this.beta.requests.clear();
  }

  /** Makes a toolset of tools that are written `alias/tool`. */
  async make(tools: readonly string[], name = `set-${randomUUID().slice(0, 8)}`): Promise<ToolsetAnswer> {
    const answer = await this.gateway.admin('POST', ROUTE, { toolset_name: name, tools: toolsOf(tools) });
    if (answer.status !== 201) throw new Error(`making a toolset failed with ${answer.status}: ${answer.text}`);
    return answer.json as ToolsetAnswer;
  }

  /** A key that holds nothing but these toolsets. */
  holder(toolsets: readonly string[], more: Record<string, unknown> = {}): Promise<string> {
    return makeKey(this.gateway, { mcp_toolsets: toolsets }, more);
  }

  /** Sends a management request with a key. */
  as(key: string, method: NonNullable<HttpCall['method']>, path: string, body?: unknown): Promise<HttpAnswer> {
    return http(`${this.gateway.url}${path}`, { method, headers: { authorization: `Bearer ${key}` }, body });
  }

  /** What a 2026 client is listed. */
  listModern(path: string, key: string): Promise<{ status: number; tools: string[] }> {
    return listModern(`${this.gateway.url}${path}`, key);
  }

  /** What `/key/info` shows. */
  async info(key: string): Promise<Record<string, unknown>> {
    const { json } = await this.gateway.admin('GET', `/key/info?key=${key}`);
    return (json as { info: Record<string, unknown> }).info;
  }

  team(body: object): Promise<{ team_id: string }> {
    return manage(this.gateway, '/team/new', body);
  }
}

/** Entries of a toolset. */
export function toolsOf(tools: readonly string[]): { server_id: string; tool_name: string }[] {
  return tools.map((tool) => {
    const [server_id = '', tool_name = ''] = tool.split('/');
    return { server_id, tool_name };
  });
}

async function listModern(url: string, key: string): Promise<{ status: number; tools: string[] }> {
  const meta = { 'io.modelcontextprotocol/protocolVersion': MODERN, 'io.modelcontextprotocol/clientCapabilities': {} };
  const answer = await http(url, {
    method: 'POST',
    headers: {
      ...{ accept: 'application/json, text/event-stream', authorization: `Bearer ${key}` },
      ...{ 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' },
    },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } },
  });
  const [message] = answer.events.length > 0 ? answer.events : [answer.json];
  const { result } = (message ?? {}) as { result?: { tools: { name: string }[] } };
  return { status: answer.status, tools: (result?.tools ?? []).map(({ name }) => name).toSorted() };
}

import { randomUUID } from 'node:crypto';
import {
  ApprovalRequired,
  GuardrailViolation,
  McpHook,
  type PreCallChange,
  type ToolCallView,
} from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Backend } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/test-gateway.js';

/** Asks about large amounts. */
@McpHook({ name: 'large', order: 1 })
class LargeAmounts {
  preMcpCall({ arguments: { amount } }: ToolCallView): void {
    if (typeof amount === 'number' && amount > 100) throw new ApprovalRequired('Large amounts need a person');
  }
}

/** Runs behind the one that asks: changes a mark, and blocks what is marked as bad. */
@McpHook({ name: 'marks', order: 2 })
class Marks {
  preMcpCall({ arguments: args }: ToolCallView): PreCallChange | void {
    if (args['mark'] === 'bad') throw new GuardrailViolation('marked as bad');
    if (args['mark'] === 'change') return { arguments: { ...args, mark: 'changed' } };
  }
}

/** Too late to ask. */
@McpHook({ name: 'late', order: 3 })
class Late {
  postMcpCall({ arguments: { mark } }: ToolCallView): void {
    if (mark === 'late') throw new ApprovalRequired('too late');
  }
}

/** An approval as the API shows it. */
export interface Approval {
  readonly id: string;
  readonly status: string;
  readonly arguments: Record<string, unknown> | null;
  readonly reasons: { source: string; message: string }[];
  readonly [member: string]: unknown;
}

/** A gateway with hooks that ask, an upstream behind it, and who calls and decides. */
export class ApprovalWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly upstream: RecordingHttpUpstream,
    readonly key: string,
  ) {}

  static async start(backend: Backend, options: TestGatewayOptions = {}): Promise<ApprovalWorld> {
    const [gateway, upstream] = await Promise.all([
      startTestGateway(backend, { hooks: [LargeAmounts, Marks, Late], ...options }),
      RecordingHttpUpstream.start({ era: '2026' }),
    ]);
    await registerServer(gateway, { server_name: 'up', url: upstream.url });
    return new ApprovalWorld(gateway, upstream, await makeKey(gateway, { mcp_servers: ['up'] }));
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }

  /** Decides on what is asked for; throws with the answer when it is refused. */
  async decide(id: string, decision: 'approve' | 'deny', more: object = {}): Promise<Approval> {
    const answer = await this.gateway.admin('POST', `/v1/mcp/approvals/${id}`, { decision, ...more });
    if (answer.status !== 200) throw new Error(`deciding failed with ${answer.status}: ${answer.text}`);
    return answer.json as Approval;
  }

  async pending(): Promise<Approval[]> {
    return (await this.gateway.admin('GET', '/v1/mcp/approvals?status=pending')).json as Approval[];
  }

  /** The one call that waits. */
  async only(): Promise<Approval> {
    const [first, ...others] = await this.pending();
    if (first === undefined || others.length > 0) throw new Error(`${others.length + 1} or no requests are pending`);
    return first;
  }

  /** Calls `echo` by REST. */
  rest(args: Record<string, unknown>, key: string = this.key, tool = 'echo'): Promise<HttpAnswer> {
    return http(`${this.gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'x-request-id': randomUUID() },
      body: { server_id: 'up', name: tool, arguments: args },
    });
  }

  /** The same for a customer. */
  restFor(customer: string, args: Record<string, unknown>): Promise<HttpAnswer> {
    return http(`${this.gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'x-gatehouse-customer-id': customer },
      body: { server_id: 'up', name: 'echo', arguments: args },
    });
  }

  /** What the upstream received, in order. */
  received(): unknown[] {
    return this.upstream.requests
      .of('tools/call')
      .map(({ rpc }) => (rpc?.['params'] as { arguments?: unknown } | undefined)?.arguments);
  }

  /** Ends what is asked for, so that the next test begins with nothing. */
  async forget(): Promise<void> {
    await this.gateway.sql('DELETE FROM approvals');
    this.upstream.requests.clear();
  }
}

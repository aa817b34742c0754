import type { Config } from '../../../src/config/config.js';
import { AuthorizationServer, type AuthorizationServerOptions } from '../../fixtures/oauth/authorization-server.mjs';
import { ProtectedUpstream } from '../../fixtures/oauth/protected-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { Browser, type Shown } from './browser.js';

/** Result of a tool call at the REST door or an MCP door. */
export interface CallResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly _meta?: Readonly<Record<string, { readonly code: string; readonly setupUrl?: string }>>;
}

/**
 * A gateway in front of an MCP server `notes` that takes tokens of an authorization server. The users uma and vic each
 * have a key that reaches it.
 */
export class OAuthWorld {
  readonly browser = new Browser();

  private constructor(
    readonly gateway: TestGateway,
    readonly issuer: AuthorizationServer,
    readonly upstream: ProtectedUpstream,
    readonly serverId: string,
    readonly keys: Readonly<Record<'uma' | 'vic', string>>,
  ) {}

  static async start(
    { issuer: issuing, config, onLog }: OAuthWorldOptions = {},
    settings: Record<string, unknown> = {},
  ): Promise<OAuthWorld> {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('no backend');
    const issuer = await AuthorizationServer.start(issuing);
    const upstream = await ProtectedUpstream.start(issuer);
    const gateway = await startTestGateway(backend, { config: config ?? {}, ...(onLog !== undefined && { onLog }) });
    const server = { alias: 'notes', url: upstream.url, auth_type: 'oauth2', health_check_interval: 86_400 };
    const serverId = await registerServer(gateway, { ...server, ...settings });
    for (const user_id of ['uma', 'vic']) await manage(gateway, '/user/new', { user_id, user_role: 'internal_user' });
    const grants = { mcp_servers: [serverId] };
    const uma = await makeKey(gateway, grants, { user_id: 'uma' });
    const vic = await makeKey(gateway, grants, { user_id: 'vic' });
    return new OAuthWorld(gateway, issuer, upstream, serverId, { uma, vic });
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
    await this.issuer.close();
  }

  get path(): string {
    return `/v1/mcp/server/${this.serverId}/oauth-user-credential`;
  }

  /** A request of a user to the management API. */
  as(user: 'uma' | 'vic', method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<HttpAnswer> {
    return http(`${this.gateway.url}${path}`, { method, headers: this.credentialOf(user), body });
  }

  /** Begins a login from a page in this browser. @returns the address at the authorization server */
  async begin(user: 'uma' | 'vic', browser: Browser = this.browser): Promise<string> {
    const answer = await this.as(user, 'POST', `${this.path}/connect`);
    if (answer.status !== 200) throw new Error(`beginning failed with ${answer.status}: ${answer.text}`);
    browser.keep(this.gateway.url, answer.headers['set-cookie']);
    return (answer.json as { authorization_url: string }).authorization_url;
  }

  /** Logs a user in and shows the page of the end. */
  async connect(user: 'uma' | 'vic'): Promise<Shown> {
    return this.browser.open(await this.begin(user));
  }

  async status(user: 'uma' | 'vic'): Promise<{ readonly status: string; readonly issuer: string | null }> {
    return (await this.as(user, 'GET', `${this.path}/status`)).json as { status: string; issuer: string | null };
  }

  /** Calls `echo` at the door of the one server, as a 2026 client. */
  async call(user: 'uma' | 'vic', text = 'hello'): Promise<CallResult> {
    const { json } = await this.rpc(user, 'tools/call', { name: 'echo', arguments: { text } });
    return (json as { result: CallResult }).result;
  }

  /** Asks for the tools of all servers. */
  async list(user: 'uma' | 'vic'): Promise<{ tools: { name: string }[]; _meta: Record<string, unknown> }> {
    const { json } = await this.rpc(user, 'tools/list', {}, '/mcp');
    return (json as { result: { tools: { name: string }[]; _meta: Record<string, unknown> } }).result;
  }

  rpc(user: 'uma' | 'vic', method: string, params: object, door = '/notes/mcp'): Promise<HttpAnswer> {
    const headers = { ...this.credentialOf(user), accept: 'application/json, text/event-stream' };
    return http(`${this.gateway.url}${door}`, {
      method: 'POST',
      headers,
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
  }

  private credentialOf(user: 'uma' | 'vic'): Record<string, string> {
    return { authorization: `Bearer ${this.keys[user]}` };
  }
}

export interface OAuthWorldOptions {
  readonly issuer?: AuthorizationServerOptions;
  readonly config?: Partial<Config>;
  readonly onLog?: (line: string) => void;
}

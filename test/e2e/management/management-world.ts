import type { OpenAPIObject } from '@nestjs/swagger';
import type { Config } from '../../../src/config/config.js';
import { DEFAULT_MANAGEMENT } from '../../../src/config/parse-management.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends, type Backend } from '../support/backends.js';
import { http, type HttpAnswer, type HttpCall } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/test-gateway.js';

export const CALLERS = ['admin', 'viewer', 'user', 'restricted', 'anonymous'] as const;
export type Caller = (typeof CALLERS)[number];
type Method = NonNullable<HttpCall['method']>;

/** Everything that management writes, but for what health checks write beside it. */
const STATE = `
  SELECT md5((SELECT coalesce(json_agg(to_jsonb(s) - '{health_status,last_health_check,health_check_error}'::text[]
            ORDER BY server_id), '[]') FROM mcp_servers s)::text
      || (SELECT coalesce(json_agg(c ORDER BY user_id, server_id), '[]') FROM mcp_user_credentials c)::text
      || (SELECT coalesce(json_agg(v ORDER BY user_id, server_id), '[]') FROM mcp_user_env_vars v)::text
      || (SELECT coalesce(json_agg(t ORDER BY server_id), '[]') FROM mcp_temporary_servers t)::text
      || (SELECT coalesce(json_agg(t ORDER BY toolset_id), '[]') FROM mcp_toolsets t)::text
      || (SELECT coalesce(json_agg(k ORDER BY kid), '[]') FROM signing_keys k)::text) AS state`;

/**
 * A gateway with one caller of each kind. `user` and `restricted` are keys of the user uma in team `t`, which has the
 * servers alpha, byok and vars; beta belongs to nobody.
 */
export class ManagementWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly upstream: RecordingHttpUpstream,
    readonly servers: Readonly<Record<'alpha' | 'beta' | 'byok' | 'vars', string>>,
    readonly keys: Readonly<Record<Exclude<Caller, 'anonymous'> | 'root', string>>,
    readonly document: OpenAPIObject,
  ) {}

  static async start(config: Partial<Config> = {}, more: StartOptions = {}): Promise<ManagementWorld> {
    const backend = more.backend ?? availableBackends()[0];
    if (backend === undefined) throw new Error('no backend');
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const gateway = await startTestGateway(backend, {
      ...(more.onLog !== undefined && { onLog: more.onLog }),
      config: { management: { ...DEFAULT_MANAGEMENT, registryEnabled: true }, ...config },
    });
    const servers = await makeServers(gateway, upstream.url);
    const keys = await makeCallers(gateway);
    const document = (await http(`${gateway.url}/docs/openapi.json`)).json as OpenAPIObject;
    return new ManagementWorld(gateway, upstream, servers, { ...keys, admin: gateway.masterKey }, document);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }

  /** Sends a request as one kind of caller. */
  as(
    caller: Caller | 'root',
    method: Method,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    const own: Record<string, string> = caller === 'anonymous' ? {} : { authorization: `Bearer ${this.keys[caller]}` };
    return http(`${this.gateway.url}${path}`, { method, headers: { ...own, ...headers }, body });
  }

  /** Registers one more server and returns its id. */
  register(body: Record<string, unknown>): Promise<string> {
    return registerServer(this.gateway, { url: this.upstream.url, health_check_interval: 86_400, ...body });
  }

  /** Submits a server as the user and returns its id. */
  async submit(body: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.as('user', 'POST', '/v1/mcp/server/register', { url: this.upstream.url, ...body });
    if (answer.status !== 201) throw new Error(`submitting failed with ${answer.status}: ${answer.text}`);
    return (answer.json as { server_id: string }).server_id;
  }

  /** All that management stores, as one text. */
  async state(): Promise<string> {
    const [row] = await this.gateway.sql<{ state: string }>(STATE);
    return row?.state ?? '';
  }
}

interface StartOptions extends Pick<TestGatewayOptions, 'onLog'> {
  /** Default: the first one. */
  readonly backend?: Backend;
}

async function makeServers(
  gateway: TestGateway,
  url: string,
): Promise<Record<'alpha' | 'beta' | 'byok' | 'vars', string>> {
  const more = { url, health_check_interval: 86_400 };
  return {
    alpha: await registerServer(gateway, { ...more, alias: 'alpha', mcp_access_groups: ['ops'] }),
    beta: await registerServer(gateway, { ...more, alias: 'beta', mcp_access_groups: ['dev'] }),
    byok: await registerServer(gateway, { ...more, alias: 'byok', is_byok: true, auth_type: 'bearer_token' }),
    vars: await registerServer(gateway, {
      ...{ ...more, alias: 'vars', static_headers: { 'x-tenant': '${TENANT}/${ZONE}' } },
      env_vars: [
        { name: 'TENANT', scope: 'user', description: 'Your tenant' },
        { name: 'ZONE', scope: 'global', value: 'z1' },
      ],
    }),
  };
}

async function makeCallers(gateway: TestGateway): Promise<Record<'viewer' | 'user' | 'restricted' | 'root', string>> {
  const grants = { mcp_servers: ['alpha', 'byok', 'vars'] };
  await manage(gateway, '/user/new', { user_id: 'uma', user_role: 'internal_user' });
  await manage(gateway, '/user/new', { user_id: 'vic', user_role: 'proxy_admin_viewer' });
  await manage(gateway, '/user/new', { user_id: 'root', user_role: 'proxy_admin' });
  await manage(gateway, '/team/new', {
    ...{ team_id: 't', object_permission: grants },
    members_with_roles: [{ user_id: 'uma', role: 'user' }],
  });
  const own = { user_id: 'uma', team_id: 't' };
  return {
    viewer: await makeKey(gateway, {}, { user_id: 'vic' }),
    root: await makeKey(gateway, {}, { user_id: 'root' }),
    user: await makeKey(gateway, grants, own),
    restricted: await makeKey(gateway, grants, { ...own, allowed_routes: ['/v1/mcp/*', '/mcp-rest/*'] }),
  };
}

import { randomUUID } from 'node:crypto';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { listOnMcp, listOnRest } from '../identities/tool-lists.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { manage } from '../support/identities.js';
import { registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** An address that is not internal, as a trusted proxy tells it. */
export const OUTSIDE = { 'x-forwarded-for': '203.0.113.5' };

/** The keys of one cast. */
export const KEY_NAMES = ['inTeam', 'plain', 'grouped', 'unified', 'ofUser'] as const;
export type KeyName = (typeof KEY_NAMES)[number];

interface MadeKey {
  readonly key: string;
  readonly token: string;
}

/** Servers, levels and keys of one test: nobody else uses them. */
export interface Cast {
  /** Aliases and ids. `a` is in the access group `group`, `c` is open to all, `d` is granted to nobody. */
  readonly servers: Readonly<Record<'a' | 'b' | 'c' | 'd', { readonly alias: string; readonly id: string }>>;
  readonly keys: Readonly<Record<KeyName, MadeKey>>;
  readonly ids: Readonly<Record<'team' | 'otherTeam' | 'user' | 'customer' | 'agent' | 'organization', string>>;
  /** Of servers. */
  readonly group: string;
  /** Unified access group. */
  readonly unifiedGroup: string;
}

/** One call, and how it is made. */
export interface TestCall {
  readonly key: MadeKey;
  readonly path: string;
  /** Public name; at `/mcp-rest` with the server before a slash. */
  readonly tool: string;
  readonly headers?: Record<string, string>;
}

/** A gateway behind a proxy that it trusts, with one upstream behind all servers. */
export class SimulationWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly upstream: RecordingHttpUpstream,
  ) {}

  static async start(): Promise<SimulationWorld> {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('no backend');
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const config = { trustedProxies: ['127.0.0.0/8'] };
    return new SimulationWorld(await startTestGateway(backend, { config }), upstream);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }

  /** Makes a cast of its own. */
  async cast(): Promise<Cast> {
    const name = randomUUID().slice(0, 8);
    const group = `group-${name}`;
    const server = async (letter: string, more: object = {}): Promise<Cast['servers']['a']> => {
      const alias = `${letter}${name}`;
      return { alias, id: await registerServer(this.gateway, { alias, url: this.upstream.url, ...more }) };
    };
    const servers = {
      a: await server('a', { mcp_access_groups: [group] }),
      b: await server('b'),
      c: await server('c', { allow_all_keys: true }),
      d: await server('d'),
    };
    const mcp_servers = [servers.a.alias, servers.b.alias];
    const id = (kind: string): string => `${kind}-${name}`;
    const ids = {
      team: id('team'),
      otherTeam: id('other'),
      user: id('user'),
      customer: id('customer'),
      agent: id('agent'),
      organization: id('organization'),
    };
    await manage(this.gateway, '/organization/new', { organization_id: ids.organization });
    await manage(this.gateway, '/agent/new', { agent_id: ids.agent });
    await manage(this.gateway, '/customer/new', { user_id: ids.customer });
    await manage(this.gateway, '/user/new', { user_id: ids.user });
    await manage(this.gateway, '/team/new', {
      team_id: ids.team,
      organization_id: ids.organization,
      object_permission: { mcp_servers },
    });
    await manage(this.gateway, '/team/new', {
      team_id: ids.otherTeam,
      object_permission: { mcp_servers: [servers.b.alias, servers.d.alias] },
    });
    const { access_group_id: unifiedGroup } = await manage<{ access_group_id: string }>(
      this.gateway,
      '/access_group/new',
      { access_group_name: id('unified'), access_mcp_server_ids: mcp_servers },
    );
    const make = (body: object): Promise<MadeKey> => manage<MadeKey>(this.gateway, '/key/generate', body);
    const keys = {
      inTeam: await make({ team_id: ids.team, user_id: ids.user, agent_id: ids.agent }),
      plain: await make({ object_permission: { mcp_servers: [servers.a.alias] } }),
      grouped: await make({ object_permission: { mcp_access_groups: [group] } }),
      unified: await make({ access_group_ids: [unifiedGroup] }),
      ofUser: await make({ user_id: ids.user }),
    };
    return { servers, keys, ids, group, unifiedGroup };
  }

  /** Makes one call. @returns whether the gateway refused it */
  async isRefused({ key: { key }, path, tool, headers = {} }: TestCall): Promise<boolean> {
    const isRest = path.startsWith('/mcp-rest');
    const [server_id, name] = tool.split('/');
    const args = { text: 'x', a: 1, b: 2 };
    const params = { name: tool, arguments: args };
    const answer = await http(`${this.gateway.url}${path}`, {
      method: 'POST',
      headers: { accept: 'application/json, text/event-stream', authorization: `Bearer ${key}`, ...headers },
      body: isRest ? { server_id, name, arguments: args } : { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    });
    if (answer.status !== 200) return true;
    const body = answer.events.at(-1) ?? answer.json;
    const { error, result = body } = body as { error?: unknown; result?: unknown };
    const { isError, _meta } = result as { isError?: boolean; _meta?: Record<string, unknown> };
    return error !== undefined || (isError === true && _meta?.['gatehouse/error'] !== undefined);
  }

  /** Public names of all tools that a key can list at any door. */
  async tools(key: MadeKey, headers: Record<string, string>): Promise<ReadonlySet<string>> {
    const lister = { key: key.key, headers };
    const lists = [await listOnMcp(this.gateway.url, '/mcp', lister), await listOnRest(this.gateway.url, lister)];
    return new Set(lists.flatMap(({ tools }) => tools));
  }
}

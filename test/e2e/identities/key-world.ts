import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { registerServer } from '../support/management.js';
import { idleHooks, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { listOnMcp } from './tool-lists.js';

/** A key as the management routes answer it. */
export interface KeyAnswer {
  readonly key: string;
  readonly token: string;
  readonly key_id: string;
  readonly object_permission: Record<string, unknown> | null;
  readonly permission_closed: boolean;
}

type Servers = Readonly<Record<'alpha' | 'beta' | 'pub', string>>;
type Keys = Readonly<Record<'manager' | 'member' | 'viewer' | 'plain' | 'narrow' | 'routes', string>>;

/**
 * Users, teams and their keys. Team `a` has the server alpha and the group ops, team `b` has beta; pub is open to all.
 * `manager` is the key of an admin of team `a`, `member` that of a member; `narrow` is in team `a` with one tool.
 */
export class KeyWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly upstream: RecordingHttpUpstream,
    readonly servers: Servers,
    readonly keys: Keys,
  ) {}

  static async start(): Promise<KeyWorld> {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('no backend');
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const gateway = await startTestGateway(backend, { hooks: idleHooks('no-deletes', 'other') });
    const servers = await makeServers(gateway, upstream.url);
    await makeTeams(gateway);
    return new KeyWorld(gateway, upstream, servers, await makeKeys(gateway));
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }

  /** Makes a key as an admin. */
  generate(body: object): Promise<KeyAnswer> {
    return manage<KeyAnswer>(this.gateway, '/key/generate', body);
  }

  /** Sends a management request with a key. */
  as(key: string, path: string, body: object): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${key}` };
    return http(`${this.gateway.url}${path}`, { method: 'POST', headers, body });
  }

  read(key: string, path: string): Promise<HttpAnswer> {
    return http(`${this.gateway.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  }

  /** Public names of the tools that a key lists. */
  async tools(key: string): Promise<readonly string[]> {
    return (await listOnMcp(this.gateway.url, '/mcp', { key })).tools;
  }

  /** Aliases of the servers of which a key lists tools. */
  async serversOf(key: string): Promise<string[]> {
    return [...new Set((await this.tools(key)).map((tool) => tool.split('-')[0] ?? ''))];
  }
}

export function detailOf(answer: HttpAnswer): string {
  return (answer.json as { detail: string }).detail;
}

async function makeServers(gateway: TestGateway, url: string): Promise<Servers> {
  return {
    alpha: await registerServer(gateway, { alias: 'alpha', url, mcp_access_groups: ['ops'] }),
    beta: await registerServer(gateway, { alias: 'beta', url, mcp_access_groups: ['dev'] }),
    pub: await registerServer(gateway, { alias: 'pub', url, allow_all_keys: true }),
  };
}

async function makeTeams(gateway: TestGateway): Promise<void> {
  for (const user_id of ['mia', 'max', 'eve']) await manage(gateway, '/user/new', { user_id });
  await manage(gateway, '/user/new', { user_id: 'vera', user_role: 'internal_user_viewer' });
  await manage(gateway, '/user/new', { user_id: 'root', user_role: 'proxy_admin' });
  await manage(gateway, '/team/new', {
    team_id: 'a',
    members_with_roles: [
      { user_id: 'mia', role: 'admin' },
      { user_id: 'max', role: 'user' },
      { user_id: 'root', role: 'user' },
    ],
    object_permission: { mcp_servers: ['alpha'], mcp_access_groups: ['ops'] },
  });
  await manage(gateway, '/team/new', { team_id: 'b', object_permission: { mcp_servers: ['beta'] } });
  await manage(gateway, '/team/new', { team_id: 'silent', members_with_roles: [{ user_id: 'mia', role: 'admin' }] });
}

async function makeKeys(gateway: TestGateway): Promise<Keys> {
  const keyOf = async (body: object): Promise<string> => (await manage<KeyAnswer>(gateway, '/key/generate', body)).key;
  return {
    manager: await keyOf({ user_id: 'mia' }),
    member: await keyOf({ user_id: 'max' }),
    viewer: await keyOf({ user_id: 'vera' }),
    plain: await keyOf({ object_permission: { mcp_servers: ['alpha'] } }),
    narrow: await keyOf({
      user_id: 'max',
      team_id: 'a',
      object_permission: { mcp_tool_permissions: { alpha: ['echo'] }, blocked_tools: ['fail'] },
      argument_rules: [{ tool: '*', when: 'has(args.secret)', effect: 'deny' }],
      metadata: { guardrails: ['no-deletes'] },
    }),
    routes: await keyOf({ user_id: 'max', allowed_routes: ['/key/*', '/mcp'] }),
  };
}

import { Secret } from '../../../src/common/secret.js';
import type { AuthorizationServerConfig } from '../../../src/config/authorization-server.js';
import { CompanyProvider } from '../../fixtures/idp/company-provider.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Backend } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { Browser } from './browser.js';
import { REDIRECT_URI } from './oauth-client.js';

const ACCEPT = 'application/json, text/event-stream';

/** A gateway with a login, an identity provider that puts everybody into one team, and its tool: `up-echo`. */
export class LoginWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly idp: CompanyProvider,
    readonly upstream: RecordingHttpUpstream,
    readonly log: readonly string[],
  ) {}

  /** @param byKey users log in with their virtual keys */
  static async start(backend: Backend | undefined, { byKey = false } = {}): Promise<LoginWorld> {
    if (backend === undefined) throw new Error('there is no database');
    const [idp, upstream] = await Promise.all([CompanyProvider.start(), RecordingHttpUpstream.start({ era: '2025' })]);
    const log: string[] = [];
    const gateway = await startTestGateway(backend, {
      config: { authorizationServer: settingsFor(idp, byKey) },
      onLog: (line) => log.push(line),
    });
    idp.serve(`${gateway.url}/oauth/login/callback`);
    await registerServer(gateway, { alias: 'up', url: upstream.url });
    await registerServer(gateway, { alias: 'other', url: upstream.url });
    const object_permission = { mcp_tool_permissions: { up: ['echo'] } };
    const team = await manage<{ team_id: string }>(gateway, '/team/new', { team_alias: 'research', object_permission });
    idp.claims = { team: team.team_id };
    return new LoginWorld(gateway, idp, upstream, log);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await Promise.all([this.idp.close(), this.upstream.close()]);
  }

  async addUser(userId: string, more: Record<string, unknown> = {}): Promise<void> {
    await manage(this.gateway, '/user/new', { user_id: userId, auto_create_key: false, ...more });
  }

  /** @param stopAt further places that it does not go to */
  browser(stopAt: (url: URL) => boolean = () => false): Browser {
    return new Browser((url) => url.pathname === new URL(REDIRECT_URI).pathname || stopAt(url));
  }

  /** Sends a JSON-RPC request to a door. */
  rpc(token: string, method: string, params: object = {}, path = '/mcp'): Promise<HttpAnswer> {
    return http(`${this.gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, accept: ACCEPT },
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
  }
}

function settingsFor(idp: CompanyProvider, byKey: boolean): AuthorizationServerConfig {
  const claims = { userId: 'sub', teamId: 'team', organizationId: null, customerId: null };
  const identityProvider = {
    ...{ issuer: idp.issuer, clientId: idp.clientId, clientSecret: new Secret(idp.clientSecret) },
    ...{ scopes: ['openid'], claims },
  };
  return { identityProvider: byKey ? null : identityProvider, accessTokenSeconds: 600, loginSeconds: 86_400 };
}

import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Provider } from 'oidc-provider';
import { OwnIssuer } from '../auth/jwt/own-issuer.js';
import { PublicUrl } from '../auth/public-url.js';
import { messageOf } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { SigningKeys } from '../signing/signing-keys.js';
import { EndpointLimits } from './endpoint-limits.js';
import { ProviderFactory } from './provider-factory.js';

/** The gateway's own algorithm, unless an operator gives a key of another one. */
const ALGORITHM = 'ES256';

interface RunningProvider {
  readonly provider: Provider;
  readonly callback: ReturnType<Provider['callback']>;
}

/**
 * The authorization server for MCP clients: `oidc-provider` behind the gateway's own routes. It keeps nothing in memory
 * that another replica would need.
 */
@Injectable()
export class AuthorizationServer implements OnModuleInit {
  private readonly logger = new Logger(AuthorizationServer.name);
  private running: Promise<RunningProvider> | null = null;
  /** It is made anew when this changes. */
  private madeFor = '';

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly signing: SigningKeys,
    private readonly issuer: OwnIssuer,
    private readonly url: PublicUrl,
    private readonly factory: ProviderFactory,
    private readonly limits: EndpointLimits,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.signing.require(ALGORITHM, () => this.issuer.issuer);
    this.issuer.signsWith(() => ({ keys: [...this.signing.keySet().keys] }));
  }

  /** As `oidc-provider` has it, with the key that signs now. */
  async provider(): Promise<Provider> {
    return (await this.current()).provider;
  }

  /**
   * Answers a request for one of the library's endpoints.
   * @param path as the library knows it, without the query
   */
  async serve(request: Request, response: Response, path: string): Promise<void> {
    const { callback } = await this.current();
    this.adopt(request, path);
    await callback(request, response);
  }

  /**
   * Shows the library the request as it was sent to the public URL, whatever proxies and clients say: it makes URLs,
   * cookies and the addresses that failures are counted by of it.
   */
  adopt(request: Request, path: string): void {
    const { protocol, host, pathname } = new URL(this.url.base);
    const query = path === '/authorize' ? withOwnScope(queryOf(request.url)) : queryOf(request.url);
    request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    request.headers['x-forwarded-host'] = host;
    request.headers['x-forwarded-for'] = request.ip ?? '';
    request.url = `${path}${query}`;
    request.originalUrl = `${pathname.replace(/\/$/, '')}/oauth${path}${query}`;
  }

  private current(): Promise<RunningProvider> {
    const key = this.signing.current(ALGORITHM);
    const madeFor = `${this.url.base} ${key.kid}`;
    if (this.running === null || this.madeFor !== madeFor) {
      this.madeFor = madeFor;
      this.running = this.make();
    }
    return this.running;
  }

  private async make(): Promise<RunningProvider> {
    const { authorizationServer: settings } = this.config;
    if (settings === null) throw new Error('the gateway is no authorization server');
    const mayFetch = (source: string) => this.limits.mayAdd(source);
    const provider = await this.factory.make(settings, this.signing.current(ALGORITHM), mayFetch);
    this.limits.applyTo(provider);
    provider.on('server_error', (_ctx, error) => this.logger.error(`login: ${messageOf(error)}`, error.stack));
    provider.on('grant.error', (_ctx, error) => this.logger.debug(`a token is refused: ${messageOf(error)}`));
    return { provider, callback: provider.callback() };
  }
}

function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? '' : target.slice(mark);
}

/** The one scope there is comes along whatever a client asks for: without any, nothing could be granted. */
function withOwnScope(query: string): string {
  const parameters = new URLSearchParams(query);
  const asked = parameters.getAll('scope');
  // Several are refused by the library.
  if (asked.length > 1) return query;
  const scopes = new Set([...(asked[0] ?? '').split(' ').filter((scope) => scope !== ''), OwnIssuer.SCOPE]);
  parameters.set('scope', [...scopes].join(' '));
  return `?${parameters}`;
}

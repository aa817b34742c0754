import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import type { Claims } from '../../auth/jwt/token-claims.js';
import { LevelDirectory } from '../../auth/levels/level-directory.js';
import { PublicUrl } from '../../auth/public-url.js';
import { messageOf } from '../../common/gatehouse-error.js';
import { CONFIG, type Config } from '../../config/config.js';
import { GUARDRAIL_NAME, GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import type { HookPrincipal, PreCallChange, PreMcpCall, ToolCallView } from '../../hooks/hook.types.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import type { SigningKey } from '../../signing/key-material.js';
import { SigningKeys } from '../../signing/signing-keys.js';
import { CallerClaims } from './caller-claims.js';
import { debugHeader } from './debug-header.js';
import { JwtSignerSettings } from './jwt-signer.settings.js';
import { ListTokens, type ReadyToken } from './list-tokens.js';
import { claimsFor, LIST_SCOPE, scopeOfCall } from './token-claims.js';

const DEFAULT_TTL_SECONDS = 300;
const DEFAULT_AUDIENCE = 'mcp';
/** The gateway itself. */
const NOBODY: HookPrincipal = {
  ...{ userId: null, teamId: null, organizationId: null, customerId: null, keyHash: null, keyAlias: null },
  ...{ agentId: null, roles: [], jwtClaims: null },
};

/** Signs a short-lived token for every call, so that the upstream can tell who calls and that the gateway let it pass. */
@Injectable()
export class JwtSigner implements PreMcpCall, OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(JwtSigner.name);
  private readonly callers: CallerClaims;
  private readonly lists: ListTokens;

  constructor(
    @Inject(GUARDRAIL_SETTINGS) private readonly settings: JwtSignerSettings,
    @Inject(GUARDRAIL_NAME) private readonly name: string,
    @Inject(CONFIG) private readonly config: Config,
    outbound: OutboundClient,
    private readonly keys: SigningKeys,
    private readonly url: PublicUrl,
    private readonly levels: LevelDirectory,
    registry: ServerRegistry,
  ) {
    this.callers = new CallerClaims(name, settings, config, outbound);
    this.lists = new ListTokens(
      {
        isFor: (server) => this.runsOnEveryCallOf(server),
        make: () => this.listToken(),
        basis: () => this.basis,
        ttlSeconds: this.ttlSeconds,
        failed: (error) => this.logger.error(`no token for lists could be signed: ${messageOf(error)}`),
      },
      registry,
    );
  }

  onModuleInit(): Promise<void> {
    return this.keys.require(this.settings.algorithm, () => this.issuer);
  }

  onApplicationBootstrap(): Promise<void> {
    return this.lists.start();
  }

  onModuleDestroy(): void {
    this.lists.stop();
  }

  /** @throws GuardrailViolation when the caller brings a token that is not good, or one without a required claim */
  async preMcpCall(call: ToolCallView): Promise<PreCallChange> {
    const incoming = await this.callers.claimsOf(call);
    const { callId, principal, tool } = call;
    return { headers: await this.headersFor(this.claims(callId, principal, scopeOfCall(tool), incoming)) };
  }

  private claims(tokenId: string, principal: HookPrincipal, scope: string, incoming: Claims | null): JWTPayload {
    const { settings, config } = this;
    return claimsFor(settings, {
      issuer: this.issuer,
      audience: settings.audience ?? config.jwtSigner.audience ?? DEFAULT_AUDIENCE,
      ttlSeconds: this.ttlSeconds,
      now: Math.floor(Date.now() / 1000),
      tokenId,
      scope: settings.allowed_scopes?.join(' ') ?? scope,
      principal,
      userEmail: this.emailOf(principal.userId),
      incoming,
    });
  }

  /** For lists, which the gateway asks for in its own name. */
  private async listToken(): Promise<ReadyToken> {
    const { basis } = this;
    const claims = this.claims(randomUUID(), NOBODY, LIST_SCOPE, null);
    return { token: await signed(claims, this.keys.current(this.settings.algorithm)), basis };
  }

  private get basis(): string {
    return `${this.keys.current(this.settings.algorithm).kid} ${this.issuer}`;
  }

  private get issuer(): string {
    return this.settings.issuer ?? this.config.jwtSigner.issuer ?? this.url.base;
  }

  private async headersFor(claims: JWTPayload): Promise<Record<string, string>> {
    const { channel_token_audience: audience, channel_token_ttl: ttl, debug_headers } = this.settings;
    const key = this.keys.current(this.settings.algorithm);
    const headers: Record<string, string> = { authorization: `Bearer ${await signed(claims, key)}` };
    if (audience !== undefined) {
      const exp = Number(claims.iat) + (ttl ?? this.ttlSeconds);
      headers['x-mcp-channel-token'] = await signed({ ...claims, aud: audience, exp }, key);
    }
    if (debug_headers) headers['x-litellm-mcp-debug'] = debugHeader(key.kid, claims);
    return headers;
  }

  private runsOnEveryCallOf({ guardrails }: McpServer): boolean {
    const isDefault = this.config.guardrails.some(({ name, defaultOn }) => name === this.name && defaultOn);
    return isDefault || guardrails.includes(this.name);
  }

  private get ttlSeconds(): number {
    return this.settings.ttl_seconds ?? this.config.jwtSigner.ttlSeconds ?? DEFAULT_TTL_SECONDS;
  }

  private emailOf(userId: string | null): string | null {
    return userId === null ? null : (this.levels.find('user', userId)?.email ?? null);
  }
}

function signed(claims: JWTPayload, { kid, algorithm, privateKey }: SigningKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' }).sign(privateKey);
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../auth/principal.js';
import { messageOf } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import type { RegistrySnapshot } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { AccessDecision } from './access-decision.js';
import type { AccessRequest } from './access-request.js';
import { decide } from './evaluator.js';
import { clientAddress, parseRanges, type ClientAddress } from './ip-visibility.js';
import { NO_TOOLSETS, type PolicyWorld } from './policy-world.js';
import { scopeKey } from './scope-key.js';

/** Scopes that are remembered for one caller. */
const MAX_SCOPES = 64;
/** Longer scopes are decided anew each time, so that a caller cannot fill the memory with long paths. */
const MAX_KEY_LENGTH = 1024;
/** Client addresses that are remembered: reading one takes longer than deciding. */
const MAX_ADDRESSES = 1024;

interface Remembered {
  readonly registry: RegistrySnapshot;
  readonly decision: AccessDecision;
}

/** Answers what a caller may use. Decisions are remembered per caller and scope until the registry changes. */
@Injectable()
export class PolicyService {
  private readonly logger = new Logger(PolicyService.name);
  private readonly remembered = new WeakMap<Principal, LRUCache<string, Remembered>>();
  private readonly addresses = new LRUCache<string, ClientAddress>({ max: MAX_ADDRESSES });
  private readonly trustedProxies: ReturnType<typeof parseRanges>;
  private readonly separator: string;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'trustedProxies' | 'toolPrefixSeparator'>,
    @Inject(ServerRegistry) private readonly servers: Pick<ServerRegistry, 'current'>,
  ) {
    this.trustedProxies = parseRanges(config.trustedProxies);
    this.separator = config.toolPrefixSeparator;
  }

  /**
   * The decision for a caller and a scope; the same object as long as nothing changed. Never throws: when deciding
   * fails, the fault is logged and everything is refused.
   */
  access(principal: Principal, request: AccessRequest): AccessDecision {
    try {
      return this.recall(principal, request);
    } catch (error) {
      this.logger.error(`a permission decision failed, so it is a refusal: ${messageOf(error)}`, stackOf(error));
      return { granted: false, code: 'forbidden_scope' };
    }
  }

  /**
   * Who a request comes from and whether that is outside of the internal network.
   * @param peer address of the socket.
   * @param forwardedFor `X-Forwarded-For` as received; counts only when the peer is a trusted proxy.
   */
  externalAddress(peer: string | null, forwardedFor: string | null): ClientAddress {
    const key = forwardedFor === null ? `${peer}` : `${peer}|${forwardedFor}`;
    const known = this.addresses.get(key);
    if (known !== undefined) return known;
    const client = clientAddress(peer, forwardedFor, this.trustedProxies);
    if (key.length <= MAX_KEY_LENGTH) this.addresses.set(key, client);
    return client;
  }

  private recall(principal: Principal, request: AccessRequest): AccessDecision {
    const registry = this.servers.current;
    const key = scopeKey(principal, request);
    if (key.length > MAX_KEY_LENGTH) return decide(this.world(registry), principal, request);
    const scopes = this.scopesOf(principal);
    const known = scopes.get(key);
    if (known !== undefined && known.registry === registry) return known.decision;
    const decision = decide(this.world(registry), principal, request);
    scopes.set(key, { registry, decision });
    return decision;
  }

  private scopesOf(principal: Principal): LRUCache<string, Remembered> {
    let scopes = this.remembered.get(principal);
    if (scopes === undefined) {
      scopes = new LRUCache({ max: MAX_SCOPES });
      this.remembered.set(principal, scopes);
    }
    return scopes;
  }

  /** Toolsets and unified access groups are not stored in this version: a grant that names one is stale. */
  private world(registry: RegistrySnapshot): PolicyWorld {
    return { registry, toolsets: NO_TOOLSETS, accessGroup: () => [], separator: this.separator };
  }
}

function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack : undefined;
}

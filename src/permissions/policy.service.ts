import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { LevelDirectory } from '../auth/levels/level-directory.js';
import type { Principal } from '../auth/principal.js';
import { messageOf } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import type { RegistrySnapshot } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { ToolsetDirectory } from '../toolsets/toolset-directory.js';
import type { AccessDecision } from './access-decision.js';
import type { AccessRequest } from './access-request.js';
import { decide } from './evaluator.js';
import { clientAddress, parseRanges, type ClientAddress } from './ip-visibility.js';
import type { PolicyWorld, ToolsetLookup } from './policy-world.js';
import { scopeKey } from './scope-key.js';

/** Callers whose decisions are remembered: more than call at one time, and few enough to fit when every key calls. */
const MAX_CALLERS = 10_000;
/** Scopes that are remembered for one caller. */
const MAX_SCOPES = 64;
/** Longer scopes are decided anew each time, so that a caller cannot fill the memory with long paths. */
const MAX_KEY_LENGTH = 1024;
/** Client addresses that are remembered: reading one takes longer than deciding. */
const MAX_ADDRESSES = 1024;

interface Remembered {
  readonly registry: RegistrySnapshot;
  /** Of the access groups and toolsets that the decision depends on; see {@link PolicyService.versionFor}. */
  readonly version: number;
  readonly decision: AccessDecision;
}

/** What is remembered of one caller. */
interface RememberedCaller {
  /** The one that was added first comes first. */
  readonly scopes: Map<string, Remembered>;
  readonly usesAccessGroups: boolean;
  readonly usesToolsets: boolean;
}

/**
 * Answers what a caller may use. Decisions are remembered per caller and scope until the registry, or an access group
 * or toolset that they may depend on, changes. Every other change of grants makes a new caller.
 */
@Injectable()
export class PolicyService {
  private readonly logger = new Logger(PolicyService.name);
  private readonly remembered = new LRUCache<Principal, RememberedCaller>({ max: MAX_CALLERS });
  private readonly addresses = new LRUCache<string, ClientAddress>({ max: MAX_ADDRESSES });
  private readonly trustedProxies: ReturnType<typeof parseRanges>;
  private readonly separator: string;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'trustedProxies' | 'toolPrefixSeparator'>,
    @Inject(ServerRegistry) private readonly servers: Pick<ServerRegistry, 'current'>,
    @Inject(LevelDirectory) private readonly levels: Pick<LevelDirectory, 'accessGroup' | 'version'>,
    @Inject(ToolsetDirectory) private readonly toolsets: ToolsetLookup & Pick<ToolsetDirectory, 'version'>,
  ) {
    this.trustedProxies = parseRanges(config.trustedProxies);
    this.separator = config.toolPrefixSeparator;
  }

  /**
   * The decision for a caller and a scope; the same object as long as nothing changed. Never throws: when deciding
   * fails, the fault is logged and everything is refused. What is decided when the answer is asked may throw, and then
   * nothing is granted either.
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

  /** The world that decisions are made on now. */
  world(): PolicyWorld {
    return {
      registry: this.servers.current,
      toolsets: this.toolsets,
      accessGroup: (id) => this.levels.accessGroup(id),
      separator: this.separator,
    };
  }

  private recall(principal: Principal, request: AccessRequest): AccessDecision {
    const registry = this.servers.current;
    const key = scopeKey(principal, request);
    if (key.length > MAX_KEY_LENGTH) return decide(this.world(), principal, request);
    const caller = this.rememberedOf(principal);
    const { scopes } = caller;
    const version = this.versionFor(caller, request);
    const known = scopes.get(key);
    if (known !== undefined && known.registry === registry && known.version === version) return known.decision;
    const decision = decide(this.world(), principal, request);
    if (known === undefined && scopes.size >= MAX_SCOPES) forgetFirst(scopes);
    scopes.set(key, { registry, version, decision });
    return decision;
  }

  /** Both versions only grow, so their sum is another one as soon as one of them is; 0 when neither matters. */
  private versionFor({ usesAccessGroups, usesToolsets }: RememberedCaller, { scope }: AccessRequest): number {
    const groups = usesAccessGroups ? this.levels.version : 0;
    return usesToolsets || scope.kind === 'toolset' ? groups + this.toolsets.version : groups;
  }

  private rememberedOf(principal: Principal): RememberedCaller {
    let known = this.remembered.get(principal);
    if (known === undefined) {
      const usesAccessGroups = principal.levels.some((level) => level.accessGroupIds.length > 0);
      const usesToolsets = principal.levels.some((level) => (level.objectPermission?.mcp_toolsets?.length ?? 0) > 0);
      known = { scopes: new Map(), usesAccessGroups, usesToolsets };
      this.remembered.set(principal, known);
    }
    return known;
  }
}

function forgetFirst(scopes: Map<string, Remembered>): void {
  const first = scopes.keys().next();
  if (first.done !== true) scopes.delete(first.value);
}

function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack : undefined;
}

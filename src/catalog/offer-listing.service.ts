import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import type { CatalogStatus, OfferListing } from './catalog.types.js';
import { OfferCatalog } from './offer-catalog.js';
import { OfferIndex } from './offer-index.js';

/** Which kinds of things a scope offers besides tools. */
export interface OfferKinds {
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly completions: boolean;
  /** Resources can be watched. */
  readonly subscriptions: boolean;
}

/**
 * The listing road of prompts and resources: those of the servers that the caller may use, by the very decision that
 * requests use. They follow the server: grants of single tools do not limit them.
 */
@Injectable()
export class OfferListingService {
  private readonly indexes = new WeakMap<GrantedAccess, { readonly version: number; readonly index: OfferIndex }>();
  private readonly separator: string;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'toolPrefixSeparator'>,
    private readonly catalog: OfferCatalog,
  ) {
    this.separator = config.toolPrefixSeparator;
  }

  /** Everything that the caller may see in this scope; of one server under the names and URIs of the server. */
  async list(access: GrantedAccess): Promise<OfferListing> {
    const loaded = await Promise.all(serversOf(access).map((server) => this.catalog.load(server, access.caller)));
    const statuses = loaded.map(({ server, status }): [string, CatalogStatus] => [server.prefix, status]);
    const servers = Object.fromEntries(statuses);
    const [only] = loaded;
    if (access.single !== null && only !== undefined) {
      const { prompts, resources, templates } = only.offer;
      return { prompts, resources, templates, servers };
    }
    const { prompts, resources, templates } = this.indexOf(access);
    return { prompts, resources, templates, servers };
  }

  /**
   * What the servers in scope serve, by what is known now, so that nobody waits for them. A server that was not asked
   * yet counts as one that serves everything: its lists may turn out to be empty.
   */
  kindsOf(access: GrantedAccess): OfferKinds {
    const offers = serversOf(access).map((server) => this.catalog.peek(server, access.caller)?.offer ?? null);
    return {
      prompts: offers.some((offer) => offer?.servesPrompts ?? true),
      resources: offers.some((offer) => offer?.servesResources ?? true),
      completions: offers.some((offer) => offer?.servesCompletions ?? true),
      subscriptions: offers.some((offer) => offer?.servesSubscriptions ?? true),
    };
  }

  /** Names and URIs of an aggregate scope, made from what is known now. */
  indexOf(access: GrantedAccess): OfferIndex {
    const { version } = this.catalog;
    const made = this.indexes.get(access);
    if (made !== undefined && made.version === version) return made.index;
    const servers = serversOf(access);
    const known = servers.flatMap((server) => this.catalog.peek(server, access.caller) ?? []);
    const index = new OfferIndex(servers, known, this.separator);
    this.indexes.set(access, { version, index });
    return index;
  }
}

/** The servers of a scope, in the order of the registry. */
export function serversOf(access: GrantedAccess): McpServer[] {
  return access.single === null ? [...access.servers.values()].map(({ server }) => server) : [access.single.server];
}

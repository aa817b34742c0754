import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { AccessCaller, GrantedAccess } from '../permissions/access-decision.js';
import { cannotBeListed } from './cannot-be-listed.js';
import { OfferCatalog } from './offer-catalog.js';
import type { OfferTarget } from './offer-index.js';
import { OfferListingService, serversOf } from './offer-listing.service.js';

/** What a request is about, as the caller wrote it. */
export interface OfferReference {
  readonly kind: 'prompt' | 'resource' | 'template';
  /** Name, URI, or URI or template. */
  readonly name: string;
}

/** Public name or URI → server and the name that it has there, within the caller's scope. */
@Injectable()
export class OfferResolver {
  private readonly separator: string;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'toolPrefixSeparator'>,
    private readonly catalog: OfferCatalog,
    private readonly listings: OfferListingService,
  ) {
    this.separator = config.toolPrefixSeparator;
  }

  /**
   * undefined: there is no such thing in the scope. At the door of one server that server decides what there is.
   * @throws GatehouseError `upstream_unavailable` when the name can only belong to a server that cannot be listed.
   */
  async resolve(reference: OfferReference, access: GrantedAccess): Promise<OfferTarget | undefined> {
    if (access.single !== null) return this.inSingle(reference, access.single.server, access.caller);
    const found = this.find(reference, access);
    if (found !== undefined) return found;
    const candidates = serversOf(access).filter(
      (server) => this.catalog.peek(server, access.caller) === undefined && this.mayBelongTo(server, reference),
    );
    if (candidates.length === 0) return undefined;
    const loaded = await Promise.all(candidates.map((server) => this.catalog.load(server, access.caller)));
    const foundNow = this.find(reference, access);
    const failed = loaded.find(({ fetchedAt }) => fetchedAt === 0);
    // A URI does not say whose it is, so only of a prompt it is known that the server that failed has it.
    if (foundNow !== undefined || failed === undefined || reference.kind !== 'prompt') return foundNow;
    throw cannotBeListed(failed, 'prompt');
  }

  /** The URI by which the caller reaches what a server calls by this URI. */
  publicUri(access: GrantedAccess, server: McpServer, uri: string): string {
    return access.single === null ? this.listings.indexOf(access).publicUri(server, uri) : uri;
  }

  private find({ kind, name }: OfferReference, access: GrantedAccess): OfferTarget | undefined {
    return this.listings.indexOf(access)[kind](name);
  }

  /** Prefixed names of prompts are understood as well, unless the server itself has such a name. */
  private async inSingle(
    { kind, name }: OfferReference,
    server: McpServer,
    caller: AccessCaller,
  ): Promise<OfferTarget> {
    const prefix = `${server.prefix}${this.separator}`;
    if (kind !== 'prompt' || !name.startsWith(prefix)) return { server, name };
    const { prompts } = (await this.catalog.load(server, caller)).offer;
    const isListed = (wanted: string): boolean => prompts.some((prompt) => prompt.name === wanted);
    const bare = name.slice(prefix.length);
    return { server, name: isListed(bare) && !isListed(name) ? bare : name };
  }

  private mayBelongTo(server: McpServer, { kind, name }: OfferReference): boolean {
    return kind !== 'prompt' || name.startsWith(`${server.prefix}${this.separator}`);
  }
}

import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import { OfferCatalog } from '../catalog/offer-catalog.js';
import { PublicNames } from '../catalog/public-names.js';
import { toolHash } from '../catalog/tool-hash.js';
import { ownValue } from '../common/json.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import type { GrantedAccess, ServerAccess } from '../permissions/access-decision.js';
import type { ServerOffer } from '../upstream/server-offer.js';

/** The lists whose changes a client can be told of. */
export type ListKind = 'tools' | 'prompts' | 'resources';
export const LIST_KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources'];

/** Equal for two moments when a caller sees the same lists in both. */
export type Fingerprints = Readonly<Record<ListKind, string>>;

interface KnownDigest {
  readonly tools: readonly ToolDefinition[];
  readonly digest: string;
}

/**
 * Fingerprints of what a caller sees. Thousands of streams are compared after one change, so what is the same for many
 * of them is computed once.
 */
@Injectable()
export class ViewFingerprints {
  private readonly views = new WeakMap<GrantedAccess, { readonly version: string; readonly prints: Fingerprints }>();
  private readonly toolDigests = new WeakMap<McpServer | ServerAccess, KnownDigest>();
  private readonly offerDigests = new WeakMap<ServerOffer, Omit<Fingerprints, 'tools'>>();

  constructor(
    private readonly catalog: CatalogService,
    private readonly offers: OfferCatalog,
    private readonly names: PublicNames,
  ) {}

  /** Changes whenever a fingerprint may have changed. */
  get version(): string {
    return `${this.catalog.version}:${this.offers.version}`;
  }

  /** By what is known of the servers now; what is not known of is not seen. */
  of(access: GrantedAccess): Fingerprints {
    const { version } = this;
    const known = this.views.get(access);
    if (known !== undefined && known.version === version) return known.prints;
    const prints = this.compute(access);
    this.views.set(access, { version, prints });
    return prints;
  }

  private compute(access: GrantedAccess): Fingerprints {
    const parts: Record<ListKind, string> = { tools: '', prompts: '', resources: '' };
    if (access.virtual !== null) parts.tools += access.virtual.fingerprint;
    for (const allowed of accessesOf(access)) {
      const { id, prefix } = allowed.server;
      const seen = { tools: this.toolsOf(allowed), ...this.offerOf(allowed.server) };
      for (const kind of LIST_KINDS) if (seen[kind] !== '') parts[kind] += `${id} ${prefix} ${seen[kind]}\n`;
    }
    return { tools: short(parts.tools), prompts: short(parts.prompts), resources: short(parts.resources) };
  }

  /** Empty when no tool is seen. */
  private toolsOf(allowed: ServerAccess): string {
    const { server, rules } = allowed;
    const tools = this.catalog.peek(server)?.tools ?? [];
    const owner = rules.length === 0 ? server : allowed;
    const known = this.toolDigests.get(owner);
    if (known?.tools === tools) return known.digest;
    const digest = short(
      tools
        .filter(({ name }) => allowed.allowsTool(name))
        .map((tool) => this.lineOf(server, tool))
        .join('\n'),
    );
    this.toolDigests.set(owner, { tools, digest });
    return digest;
  }

  private lineOf(server: McpServer, tool: ToolDefinition): string {
    const description = ownValue(server.toolDescriptions, tool.name) ?? null;
    return JSON.stringify([this.names.unprefixed(server, tool.name), description, toolHash(tool)]);
  }

  private offerOf(server: McpServer): Omit<Fingerprints, 'tools'> {
    const offer = this.offers.peek(server)?.offer;
    if (offer === undefined) return NOTHING;
    let digests = this.offerDigests.get(offer);
    if (digests === undefined) {
      const { prompts, resources, templates } = offer;
      const isEmpty = resources.length + templates.length === 0;
      digests = {
        prompts: prompts.length === 0 ? '' : short(JSON.stringify(prompts)),
        resources: isEmpty ? '' : short(JSON.stringify([resources, templates])),
      };
      this.offerDigests.set(offer, digests);
    }
    return digests;
  }
}

const NOTHING = { prompts: '', resources: '' };

/** The servers of a scope with what is allowed of each. */
export function accessesOf(access: GrantedAccess): Iterable<ServerAccess> {
  return access.single === null ? access.servers.values() : [access.single];
}

/** Empty for an empty text. */
function short(text: string): string {
  return text === '' ? '' : hash('sha256', text, 'base64').slice(0, 22);
}

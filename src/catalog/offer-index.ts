import type { McpServer } from '../mcp-servers/mcp-server.js';
import type {
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ServerOffer,
} from '../upstream/server-offer.js';
import type { KnownOffer } from './catalog.types.js';
import { PUBLIC_NAME } from './public-name.js';
import { hostOf, qualify, unqualify } from './qualified-uri.js';
import { UriCollisions } from './uri-collisions.js';
import { UriTemplateMatcher } from './uri-template.js';

/** Where a public name or URI leads. */
export interface OfferTarget {
  readonly server: McpServer;
  /** Name, URI or template as the server knows it. */
  readonly name: string;
}

interface BareTemplate {
  readonly server: McpServer;
  readonly matcher: UriTemplateMatcher;
}

/**
 * Public names and URIs of the prompts and resources of the servers in one scope, and the way back. Prompts get the
 * prefix of their server. URIs stay as they are, unless two servers in the scope could mean something by one: then each
 * of them is qualified with its server, wherever it appears, and without that it means nothing. So no server can take
 * the place of a resource of another one.
 */
export class OfferIndex {
  readonly prompts: PromptDefinition[] = [];
  readonly resources: ResourceDefinition[] = [];
  readonly templates: ResourceTemplateDefinition[] = [];
  private readonly promptTargets = new Map<string, OfferTarget>();
  private readonly uriTargets = new Map<string, OfferTarget>();
  private readonly templateTargets = new Map<string, OfferTarget>();
  private readonly bareTemplates: BareTemplate[] = [];
  private readonly hosts: ReadonlyMap<string, McpServer>;

  /**
   * @param inScope every server of the scope, known or not
   * @param known what is known of them
   */
  constructor(
    inScope: readonly McpServer[],
    known: readonly KnownOffer[],
    private readonly separator: string,
  ) {
    this.hosts = new Map(inScope.map((server) => [hostOf(server), server]));
    const collisions = new UriCollisions(known.map(({ offer }) => offer));
    for (const { server, offer } of known) {
      for (const prompt of offer.prompts) this.addPrompt(server, prompt);
      for (const resource of offer.resources) this.addResource(server, offer, resource, collisions);
      for (const template of offer.templates) this.addTemplate(server, offer, template, collisions);
    }
  }

  prompt(publicName: string): OfferTarget | undefined {
    return this.promptTargets.get(publicName);
  }

  /** A URI that is listed, that a template stands for, or that names its server itself. */
  resource(uri: string): OfferTarget | undefined {
    const listed = this.uriTargets.get(uri) ?? this.qualified(uri);
    if (listed !== undefined || unqualify(uri) !== null) return listed;
    const template = this.bareTemplates.find(({ matcher }) => matcher.matches(uri));
    return template === undefined ? undefined : { server: template.server, name: uri };
  }

  /** A template that is listed, or anything that {@link resource} finds. */
  template(uri: string): OfferTarget | undefined {
    return this.templateTargets.get(uri) ?? this.resource(uri);
  }

  /** The URI by which callers of this scope reach a resource of a server. */
  publicUri(server: McpServer, uri: string): string {
    const target = this.resource(uri);
    return target?.server.id === server.id && target.name === uri ? uri : qualify(server, uri);
  }

  private qualified(uri: string): OfferTarget | undefined {
    const parts = unqualify(uri);
    const server = parts === null ? undefined : this.hosts.get(parts.host);
    return parts === null || server === undefined ? undefined : { server, name: parts.uri };
  }

  private addPrompt(server: McpServer, prompt: PromptDefinition): void {
    const name = `${server.prefix}${this.separator}${prompt.name}`;
    if (!PUBLIC_NAME.test(name) || this.promptTargets.has(name)) return;
    this.promptTargets.set(name, { server, name: prompt.name });
    this.prompts.push({ ...prompt, name });
  }

  private addResource(
    server: McpServer,
    own: ServerOffer,
    resource: ResourceDefinition,
    collisions: UriCollisions,
  ): void {
    const uri = collisions.ofUri(own, resource.uri) ? qualify(server, resource.uri) : resource.uri;
    this.uriTargets.set(uri, { server, name: resource.uri });
    this.resources.push(uri === resource.uri ? resource : { ...resource, uri });
  }

  private addTemplate(
    server: McpServer,
    own: ServerOffer,
    template: ResourceTemplateDefinition,
    collisions: UriCollisions,
  ): void {
    const name = template.uriTemplate;
    const collides = collisions.ofTemplate(own, name);
    const uriTemplate = collides ? qualify(server, name) : name;
    this.templateTargets.set(uriTemplate, { server, name });
    this.templates.push(collides ? { ...template, uriTemplate } : template);
    if (!collides) this.bareTemplates.push({ server, matcher: new UriTemplateMatcher(name) });
  }
}

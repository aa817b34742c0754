import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { PolicyWorld } from '../permissions/policy-world.js';
import type { ExplainDto } from './explain.dto.js';
import type { Target } from './explained-call.js';
import type { Viewer } from './viewer.js';

type Question = Pick<ExplainDto, 'server_id' | 'tool_name' | 'arguments'>;

/** Finds what a question is about, among what the asker may know of. */
@Injectable()
export class TargetFinder {
  constructor(private readonly catalog: CatalogService) {}

  /** null: the question is about no server and no tool. */
  async find(question: Question, world: PolicyWorld, viewer: Viewer): Promise<Target | null> {
    const { server_id: reference, tool_name: asked, arguments: sent } = question;
    if (reference === undefined && asked === undefined) return null;
    const servers = world.registry.servers.filter((server) => viewer.sees(server));
    const named = reference === undefined ? undefined : world.registry.resolve(reference);
    const server = reference === undefined ? serverOf(servers, asked ?? '', world.separator) : named;
    if (server === undefined || !viewer.sees(server)) {
      const tool = asked === undefined ? undefined : { upstreamName: asked, asked, exists: false };
      return { server: null, tool, arguments: sent };
    }
    if (asked === undefined) return { server, tool: undefined, arguments: sent };
    return { server, tool: await this.toolOf(server, asked, world.separator), arguments: sent };
  }

  /** A tool of a server that cannot be listed counts as there: the decision does not depend on it. */
  private async toolOf(server: McpServer, asked: string, separator: string): Promise<NonNullable<Target['tool']>> {
    const { byName, fetchedAt } = await this.catalog.load(server);
    const upstreamName = byName.has(asked) ? asked : upstreamNameOf(server, asked, separator);
    return { upstreamName, asked, exists: fetchedAt === 0 || byName.has(upstreamName) };
  }
}

/** The server that a public name can belong to; of several, the one that says most. */
function serverOf(servers: readonly McpServer[], name: string, separator: string): McpServer | undefined {
  return servers
    .filter((server) => isPrefixed(server, name, separator) || displayedAs(server, name) !== undefined)
    .toSorted((left, right) => right.prefix.length - left.prefix.length)[0];
}

/** A decision never takes names apart; what is found here is only looked up and explained. */
function upstreamNameOf(server: McpServer, name: string, separator: string): string {
  const displayed = displayedAs(server, name);
  if (displayed !== undefined) return displayed;
  return isPrefixed(server, name, separator) ? name.slice(server.prefix.length + separator.length) : name;
}

function isPrefixed({ prefix }: McpServer, name: string, separator: string): boolean {
  return name.startsWith(`${prefix}${separator}`);
}

function displayedAs({ toolDisplayNames }: McpServer, name: string): string | undefined {
  return Object.keys(toolDisplayNames).find((tool) => toolDisplayNames[tool] === name);
}

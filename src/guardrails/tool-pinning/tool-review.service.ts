import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CatalogService } from '../../catalog/catalog.service.js';
import type { ServerCatalog } from '../../catalog/catalog.types.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import { differencesOf, pinHash, pinnedPart } from './pinned-definition.js';
import type { WriteAuthor } from '../../write-log/write-author.js';
import type { ToolPinEntity } from './tool-pin.entity.js';
import { ToolPinStore, type PinDecision, type PinnableTool } from './tool-pin.store.js';
import { pinnable, ToolPins } from './tool-pins.js';
import type { ReviewedToolView, ToolReviewView } from './tool-review.dto.js';

/** A definition as an admin saw it. */
export interface SeenTool {
  readonly name: string;
  readonly hash: string;
}

/** What admins see of the pins, and what they decide. */
@Injectable()
export class ToolReviewService implements OnModuleInit {
  private readonly logger = new Logger(ToolReviewService.name);

  constructor(
    private readonly pins: ToolPins,
    private readonly store: ToolPinStore,
    private readonly catalog: CatalogService,
    private readonly registry: ServerRegistry,
  ) {}

  onModuleInit(): void {
    this.pins.onChange((ids) => this.refreshOutdated(ids));
  }

  /** @throws GatehouseError `not_found` */
  async review(serverId: string): Promise<ToolReviewView> {
    const { catalog, server } = await this.load(serverId);
    const rows = new Map((await this.store.of(server.id)).map((row) => [row.tool, row]));
    const offered = catalog.tools.map((tool) => this.viewOf(server.id, tool, rows.get(tool.name)));
    const missing = [...rows.values()].filter(({ tool }) => !catalog.byName.has(tool)).map(missingView);
    return { server_id: server.id, status: catalog.status, tools: [...offered, ...missing] };
  }

  /**
   * Takes a decision about definitions as the admin saw them: all of them, or none when one is a different one by now.
   * @throws GatehouseError `not_found`, `conflict` with the tools that are not what was seen
   */
  async decide(
    serverId: string,
    kind: PinDecision['kind'],
    seen: readonly SeenTool[],
    author: WriteAuthor,
  ): Promise<ToolReviewView> {
    const { catalog, server } = await this.load(serverId);
    const tools = kind === 'unpin' ? await this.pinnedNow(server.id, seen) : this.offeredNow(catalog, seen);
    await this.pins.decide({ kind, serverId: server.id, tools, author });
    const named = tools.map(({ name, hash }) => `${JSON.stringify(name)} (${hash})`).join(', ');
    this.logger.log(`${author.id} decided ${kind} for tools of server ${server.id}: ${named}`);
    return this.review(server.id);
  }

  private offeredNow({ byName }: ServerCatalog, seen: readonly SeenTool[]): PinnableTool[] {
    return this.matched(seen, (name) => {
      const tool = byName.get(name);
      return tool === undefined ? [] : pinnable(tool);
    });
  }

  private async pinnedNow(serverId: string, seen: readonly SeenTool[]): Promise<PinnableTool[]> {
    const rows = new Map((await this.store.of(serverId)).map((row) => [row.tool, row]));
    return this.matched(seen, (name) => {
      const row = rows.get(name);
      return row?.pinned_hash == null ? [] : [{ name, hash: row.pinned_hash, definition: definitionOf(row) }];
    });
  }

  private matched(seen: readonly SeenTool[], find: (name: string) => PinnableTool[]): PinnableTool[] {
    const found = seen.map(({ name, hash }) => find(name).find((tool) => tool.hash === hash));
    const faults = seen.flatMap((_, index) =>
      found[index] === undefined
        ? [{ path: `tools.${index}.hash`, message: 'is not the hash of what is there now: look at it again' }]
        : [],
    );
    if (faults.length > 0) {
      throw new GatehouseError('conflict', 'Some tools are not what was looked at; nothing was decided.', { faults });
    }
    return found.filter((tool) => tool !== undefined);
  }

  private async load(serverId: string): Promise<{ server: McpServer; catalog: ServerCatalog }> {
    const server = this.registry.current.byId.get(serverId);
    if (server === undefined) throw new GatehouseError('not_found', 'There is no such server.');
    return { server, catalog: await this.catalog.load(server) };
  }

  private viewOf(serverId: string, tool: ToolDefinition, row: ToolPinEntity | undefined): ReviewedToolView {
    const state = this.pins.stateOf(serverId, tool);
    const pinned = row === undefined || row.definition === null ? null : definitionOf(row);
    const current = pinnedPart(tool);
    return {
      ...decisionOf(tool.name, row),
      state,
      current_hash: pinHash(tool),
      current: state === 'pinned' ? null : current,
      pinned: state === 'pinned' ? null : pinned,
      difference: pinned === null ? [] : differencesOf(pinned, current),
    };
  }

  /** What was approved elsewhere may be newer than what is known here. */
  private refreshOutdated(serverIds: readonly string[]): void {
    for (const id of serverIds) {
      const server = this.registry.current.byId.get(id);
      const known = server === undefined ? undefined : this.catalog.peek(server);
      if (known?.tools.some((tool) => this.pins.stateOf(id, tool) === 'changed') === true) {
        void this.catalog.refresh(known.server);
      }
    }
  }
}

function missingView(row: ToolPinEntity): ReviewedToolView {
  return {
    ...decisionOf(row.tool, row),
    state: 'missing',
    current_hash: null,
    current: null,
    pinned: row.definition === null ? null : definitionOf(row),
    difference: [],
  };
}

function decisionOf(name: string, row: ToolPinEntity | undefined) {
  return {
    name,
    pinned_hash: row?.pinned_hash ?? null,
    rejected_hash: row?.rejected_hash ?? null,
    decided_by: row?.decided_by ?? null,
    decided_at: row?.decided_at.toISOString() ?? null,
  };
}

/** Nothing but what {@link pinnedPart} made is ever stored. */
function definitionOf({ definition }: ToolPinEntity): JsonObject {
  return JSON.parse(definition ?? '{}') as JsonObject;
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import { CatalogService } from '../../catalog/catalog.service.js';
import type { ServerCatalog } from '../../catalog/catalog.types.js';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type {
  ListedToolView,
  OnMcpList,
  PreMcpCall,
  ToolCallView,
  ToolListChange,
  ToolListView,
} from '../../hooks/hook.types.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import type { ToolPinningSettings } from './tool-pinning.settings.js';
import { ToolPins } from './tool-pins.js';

/** Lets only those tools be seen and called whose definitions are the ones that were agreed to. */
@Injectable()
export class ToolPinning implements PreMcpCall, OnMcpList {
  private readonly logger = new Logger(ToolPinning.name);
  /** Definitions that were reported: each is worth one line in the log. */
  private readonly reported = new WeakSet<ToolDefinition>();

  constructor(
    @Inject(GUARDRAIL_SETTINGS) private readonly settings: ToolPinningSettings,
    private readonly pins: ToolPins,
    private readonly catalog: CatalogService,
    private readonly registry: ServerRegistry,
  ) {}

  /** @throws GuardrailViolation when the tool waits for an admin */
  preMcpCall({ server, tool }: ToolCallView): void | Promise<void> {
    const catalog = this.catalogOf(server.id);
    if (catalog === undefined) throw new Error('what the server offers is not known at the moment');
    if (this.isToPin(server.id)) return this.pinAndCheck(catalog, tool);
    this.check(catalog, server.id, tool);
  }

  onMcpList({ tools }: ToolListView): ToolListChange | void | Promise<ToolListChange | void> {
    const unseen = new Set(tools.map(({ server }) => server.id).filter((id) => this.isToPin(id)));
    if (unseen.size === 0) return this.shown(tools);
    return this.pinAll([...unseen]).then(() => this.shown(tools));
  }

  private shown(tools: readonly ListedToolView[]): ToolListChange | void {
    let asked = '';
    let catalog: ServerCatalog | undefined;
    const kept = tools.filter(({ server: { id }, tool }) => {
      // Lists go from server to server, so mostly it is the one of before.
      if (id !== asked) catalog = this.catalogOf(id);
      asked = id;
      return this.isAgreed(catalog, id, tool);
    });
    if (kept.length < tools.length) return { tools: kept };
  }

  private check(catalog: ServerCatalog, serverId: string, tool: string): void {
    if (this.isAgreed(catalog, serverId, tool)) return;
    throw new GuardrailViolation('This tool waits for the approval of an administrator');
  }

  private async pinAndCheck(catalog: ServerCatalog, tool: string): Promise<void> {
    await this.pins.pinFirstSight(catalog.server.id, catalog.tools);
    this.check(catalog, catalog.server.id, tool);
  }

  private async pinAll(serverIds: readonly string[]): Promise<void> {
    await Promise.all(
      serverIds.map(async (id) => {
        const catalog = this.catalogOf(id);
        if (catalog !== undefined) await this.pins.pinFirstSight(id, catalog.tools);
      }),
    );
  }

  private isToPin(serverId: string): boolean {
    return this.settings.first_use === 'pin' && !this.pins.isSeen(serverId);
  }

  private isAgreed(catalog: ServerCatalog | undefined, serverId: string, name: string): boolean {
    const tool = catalog?.byName.get(name);
    if (tool === undefined) return false;
    const state = this.pins.stateOf(serverId, tool);
    if (state === 'pinned') return true;
    if (!this.reported.has(tool)) {
      this.reported.add(tool);
      this.logger.warn(`tool ${JSON.stringify(name)} of server ${serverId} is ${state} and waits for an approval`);
    }
    return false;
  }

  private catalogOf(serverId: string): ServerCatalog | undefined {
    const server = this.registry.current.byId.get(serverId);
    return server === undefined ? undefined : this.catalog.peek(server);
  }
}

import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { EventBus } from '../../events/event-bus.js';
import { ReplicatedCopy } from '../../events/replicated-copy.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import { pinHash, pinnedPart } from './pinned-definition.js';
import { ToolPinStore, type PinDecision, type PinnableTool } from './tool-pin.store.js';

const TOOL_PINS_CHANGED = 'tool-pins.changed';

/** What is decided about a definition. `unseen`: its server is looked at for the first time. */
export type PinState = 'pinned' | 'changed' | 'new' | 'rejected' | 'unseen';

interface KnownPin {
  readonly pinned: string | null;
  readonly rejected: string | null;
}

type ServerPins = ReadonlyMap<string, KnownPin>;

/** The pins in memory: a call costs a few look-ups. Every replica follows every decision within two seconds. */
@Injectable()
export class ToolPins implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ToolPins.name);
  private readonly copy: ReplicatedCopy;
  private readonly listeners: ((serverIds: readonly string[]) => void)[] = [];
  private readonly pinning = new Map<string, Promise<void>>();
  private servers: ReadonlyMap<string, ServerPins> = new Map();

  constructor(
    private readonly store: ToolPinStore,
    events: EventBus,
    private readonly registry: ServerRegistry,
  ) {
    const source = {
      name: ToolPins.name,
      topic: TOOL_PINS_CHANGED,
      readVersion: () => store.readVersion(),
      loadAll: () => this.load(),
      loadSome: (ids: readonly string[]) => this.load(ids),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    this.registry.onChange((ids) => this.serversChanged(ids));
    await this.copy.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.copy.stop();
  }

  /** Calls `listener` with the servers whose pins were read anew. */
  onChange(listener: (serverIds: readonly string[]) => void): void {
    this.listeners.push(listener);
  }

  /** What is decided about the definition that a server offers now. */
  stateOf(serverId: string, tool: ToolDefinition): PinState {
    const pins = this.servers.get(serverId);
    if (pins === undefined) return 'unseen';
    const pin = pins.get(tool.name);
    const hash = pinHash(tool);
    if (pin === undefined || hash === null) return 'new';
    if (pin.rejected === hash) return 'rejected';
    if (pin.pinned === hash) return 'pinned';
    return pin.pinned === null ? 'new' : 'changed';
  }

  /** Has the server been seen? */
  isSeen(serverId: string): boolean {
    return this.servers.has(serverId);
  }

  /** Pins what a server offers, if it was never seen; callers that come together wait for one write. */
  async pinFirstSight(serverId: string, tools: readonly ToolDefinition[]): Promise<void> {
    let running = this.pinning.get(serverId);
    if (running === undefined) {
      running = this.announced(serverId, this.store.pinFirstSight(serverId, tools.flatMap(pinnable))).finally(() => {
        this.pinning.delete(serverId);
      });
      this.pinning.set(serverId, running);
    }
    return running;
  }

  /** Resolves when the decision is stored and counts here. */
  decide(decision: PinDecision): Promise<void> {
    return this.announced(decision.serverId, this.store.decide(decision));
  }

  /** A server that is gone may have lost its pins, and one that is back may have some. */
  private serversChanged(ids: readonly string[]): void {
    const { byId } = this.registry.current;
    const gone = ids.filter((id) => !byId.has(id) && this.servers.has(id));
    if (gone.length > 0) this.servers = new Map([...this.servers].filter(([id]) => !gone.includes(id)));
    // No version of the pins moved: they are only read again.
    this.copy.apply({ ids, version: 0 }).catch((error: unknown) => {
      this.logger.error(`The pins of changed servers are read late: ${messageOf(error)}`);
    });
  }

  private async announced(serverId: string, written: Promise<number>): Promise<void> {
    const change = { ids: [serverId], version: await written };
    // Not `announce`: whoever decides must learn when the decision does not count here.
    await this.copy.apply(change);
    await this.copy.tell(change);
  }

  private async load(ids?: readonly string[]): Promise<void> {
    const [servers, rows] = await Promise.all([this.store.servers(ids), this.store.hashes(ids)]);
    const read = new Map(servers.map((id) => [id, new Map<string, KnownPin>()]));
    for (const { server_id, tool, pinned_hash, rejected_hash } of rows) {
      read.get(server_id)?.set(tool, { pinned: pinned_hash, rejected: rejected_hash });
    }
    const kept = ids === undefined ? [] : [...this.servers].filter(([id]) => !ids.includes(id));
    this.servers = new Map([...kept, ...read]);
    for (const listener of this.listeners) listener(ids ?? servers);
  }
}

/** A tool as it is pinned; none when it cannot be. */
export function pinnable(tool: ToolDefinition): PinnableTool[] {
  const hash = pinHash(tool);
  return hash === null ? [] : [{ name: tool.name, hash, definition: pinnedPart(tool) }];
}

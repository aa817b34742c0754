import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CallerAuthenticator } from '../auth/caller-authenticator.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { OfferCatalog } from '../catalog/offer-catalog.js';
import { messageOf } from '../common/gatehouse-error.js';
import { Roster } from '../common/roster.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import { PolicyService } from '../permissions/policy.service.js';
import { UpstreamListeners } from '../upstream/listening/upstream-listeners.js';
import { ListWatch, type ListAudience } from './list-watch.js';
import { accessesOf, LIST_KINDS, ViewFingerprints } from './view-fingerprints.js';

/** Changes of keys and levels are looked for this often; other changes announce themselves. */
const SWEEP_MS = 500;
/** Changes that come together are looked at once. */
const GATHER_MS = 20;
/** Watches that are looked at before other work gets its turn. */
const SLICE = 200;
/** Servers that do not answer within this are taken as seen from then on, not from the beginning. */
const BEGINNING_MS = 1_000;

/**
 * Tells clients when what they see in their scope changed: an upstream said so, servers came or went, or permissions
 * changed. What changes beyond the scope of a caller is not told.
 */
@Injectable()
export class ListWatches implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ListWatches.name);
  private readonly watches = new Roster<ListWatch>();
  private readonly timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  private gathering: NodeJS.Timeout | null = null;
  private sweeping = false;

  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly policy: PolicyService,
    private readonly catalog: CatalogService,
    private readonly offers: OfferCatalog,
    private readonly registry: ServerRegistry,
    private readonly listeners: UpstreamListeners,
    private readonly fingerprints: ViewFingerprints,
  ) {}

  onModuleInit(): void {
    const lookSoon = (): void => this.lookSoon();
    this.catalog.onChange(lookSoon);
    this.offers.onChange(lookSoon);
    this.registry.onChange(lookSoon);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    if (this.gathering !== null) clearTimeout(this.gathering);
  }

  /**
   * Begins to watch; resolves when changes are noticed from now on, within a second or so. Changes before that are not
   * told. To be followed by {@link close}.
   */
  async open(audience: ListAudience): Promise<ListWatch> {
    const watch = new ListWatch(audience);
    this.watches.add(watch);
    watch.isBusy = true;
    try {
      await this.begin(watch);
    } finally {
      watch.isBusy = false;
    }
    return watch;
  }

  close(watch: ListWatch): void {
    if (watch.isClosed) return;
    watch.isClosed = true;
    this.watches.remove(watch);
    this.move(watch, null);
  }

  private async begin(watch: ListWatch): Promise<void> {
    const granted = this.decide(watch);
    if (granted === null) return;
    const joined = this.move(watch, granted);
    const loaded = Promise.all([joined, this.loadAll(granted)]).then(() => undefined);
    await within(BEGINNING_MS, loaded);
    if (watch.isClosed) return;
    watch.version = this.fingerprints.version;
    watch.prints = this.fingerprints.of(granted);
  }

  private lookSoon(): void {
    if (this.watches.size === 0) return;
    this.gathering ??= setTimeout(() => {
      this.gathering = null;
      void this.sweep();
    }, GATHER_MS).unref();
  }

  private async sweep(): Promise<void> {
    if (this.sweeping) return;
    this.sweeping = true;
    try {
      let looked = 0;
      for (const watch of this.watches.members()) {
        this.look(watch);
        if (++looked % SLICE === 0) await nextTurn();
      }
    } finally {
      this.sweeping = false;
    }
  }

  private look(watch: ListWatch): void {
    if (watch.isClosed || watch.isBusy) return;
    const granted = this.decide(watch);
    if (granted === null) return;
    if (granted === watch.granted && watch.version === this.fingerprints.version) return;
    const strangers = [...accessesOf(granted)].filter(({ server }) => !this.isKnown(server));
    if (granted !== watch.granted) void this.move(watch, granted);
    if (strangers.length === 0) return this.compare(watch, granted);
    watch.isBusy = true;
    void this.compareLater(watch, granted);
  }

  /** Servers that are new, or were changed, are asked before what the caller sees is compared. */
  private async compareLater(watch: ListWatch, granted: GrantedAccess): Promise<void> {
    try {
      await this.loadAll(granted);
      if (!watch.isClosed) this.compare(watch, granted);
    } catch (error) {
      this.logger.error(`what a caller sees could not be compared: ${messageOf(error)}`);
    } finally {
      watch.isBusy = false;
    }
  }

  private compare(watch: ListWatch, granted: GrantedAccess): void {
    const before = watch.prints;
    watch.version = this.fingerprints.version;
    watch.prints = this.fingerprints.of(granted);
    if (before === null) return;
    for (const kind of LIST_KINDS) {
      if (before[kind] !== watch.prints[kind]) watch.audience.onListChanged(kind);
    }
  }

  /** null: nothing to compare; the scope may be lost, or the caller is not let in and its stream ends elsewhere. */
  private decide(watch: ListWatch): GrantedAccess | null {
    const { audience } = watch;
    const principal = this.authenticator.currentOf(audience.principal);
    if (principal === null) return null;
    const decision = this.policy.access(principal, audience.access);
    if (decision.granted) return decision;
    this.close(watch);
    audience.onLost(decision.code);
    return null;
  }

  /** Listens to the servers of another decision, or of none. Resolves when all of them are listened to. */
  private async move(watch: ListWatch, granted: GrantedAccess | null): Promise<void> {
    const left = watch.granted;
    watch.granted = granted;
    const joined =
      granted === null ? [] : [...accessesOf(granted)].map(({ server }) => this.listeners.joinLists(server));
    if (left !== null) for (const { server } of accessesOf(left)) this.listeners.leaveLists(server);
    await Promise.all(joined);
  }

  /** Asked once; a server that cannot be asked is one of which nothing is seen. */
  private isKnown(server: McpServer): boolean {
    return this.catalog.wasAsked(server) && this.offers.wasAsked(server);
  }

  private async loadAll(granted: GrantedAccess): Promise<void> {
    const loads = [...accessesOf(granted)].flatMap(({ server }) => [
      this.catalog.load(server),
      this.offers.load(server),
    ]);
    await Promise.all(loads);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

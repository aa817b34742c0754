import { isDeepStrictEqual } from 'node:util';
import type { PagePosition } from '../../common/page.js';
import type { ServerDetails } from '../server-details.js';

/** What a check found. */
interface Checked {
  readonly status: ServerDetails['health_status'];
  readonly error: string | null;
}

type Health = Pick<ServerDetails, 'health_status' | 'last_health_check' | 'health_check_error'>;

/**
 * The servers of gateway.yaml, in memory only. They are read only in the API; a new file replaces all of them at once.
 */
export class ConfiguredServers {
  private servers: ReadonlyMap<string, ServerDetails>;
  private readonly health = new Map<string, Health>();
  private readonly listeners: (() => void)[] = [];

  constructor(servers: readonly ServerDetails[] = []) {
    this.servers = new Map(servers.map((server) => [server.server_id, server]));
  }

  /** In the order of the file; an object stays the same for as long as its entry does. */
  get current(): readonly ServerDetails[] {
    return [...this.servers.values()];
  }

  /** With the result of the last check. */
  find(id: string): ServerDetails | undefined {
    const server = this.servers.get(id);
    return server === undefined ? undefined : { ...server, ...this.health.get(id) };
  }

  has(id: string): boolean {
    return this.servers.has(id);
  }

  /** Calls `listener` after each replacement. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  replace(servers: readonly ServerDetails[]): void {
    this.servers = new Map(servers.map((server) => [server.server_id, this.kept(server)]));
    for (const id of this.health.keys()) if (!this.servers.has(id)) this.health.delete(id);
    for (const listener of this.listeners) listener();
  }

  /** Keeps the result of a check. */
  setHealth(id: string, { status, error }: Checked, at: Date): void {
    if (!this.servers.has(id)) return;
    this.health.set(id, { health_status: status, last_health_check: at, health_check_error: error });
  }

  /** In lists they come before all stored servers, in the order of the file. */
  positionOf(id: string): PagePosition {
    return { createdAt: new Date([...this.servers.keys()].indexOf(id)), id };
  }

  private kept(server: ServerDetails): ServerDetails {
    const present = this.servers.get(server.server_id);
    if (present === undefined) return server;
    const { created_at, updated_at } = present;
    return isDeepStrictEqual(present, { ...server, created_at, updated_at }) ? present : { ...server, created_at };
  }
}

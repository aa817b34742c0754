import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import type { Principal } from '../auth/principal.js';
import { ServerGrants } from '../auth/server-grants.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { ConfiguredServers } from './configured/configured-servers.js';
import { DocumentCheck } from './document-check.js';
import { detailsOf } from './draft-details.js';
import { assertUnchanged, type Precondition } from './if-match.js';
import { McpServerCodec, toServer } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { McpServer } from './mcp-server.js';
import { ServerDeletions } from './server-deletions.js';
import { ServerChecks } from './server-checks.js';
import type { ServerDetails } from './server-details.js';
import { newRow } from './server-rows.js';
import { ServerRegistry } from './server-registry.js';
import {
  changedSettings,
  isSameUse,
  newSettings,
  type ServerSettings,
  type SettingsChange,
} from './server-settings.js';
import { ServerWrites } from './server-writes.js';
import { UserSecretStore } from './user-secrets/user-secret-store.js';

/** Registers, changes, shows and deletes servers. */
@Injectable()
export class McpServersService {
  constructor(
    private readonly database: DataSource,
    private readonly codec: McpServerCodec,
    private readonly checks: ServerChecks,
    private readonly writes: ServerWrites,
    private readonly grants: ServerGrants,
    private readonly deletions: ServerDeletions,
    private readonly configured: ConfiguredServers,
    private readonly registry: ServerRegistry,
    private readonly userSecrets: UserSecretStore,
    private readonly documents: DocumentCheck,
  ) {}

  /**
   * Registers a server.
   * @throws GatehouseError `invalid_request` with every fault, `conflict` when a name is taken
   */
  async create(serverId: string | null, sent: SettingsChange, actor: Principal): Promise<ServerDetails> {
    const id = serverId ?? randomUUID();
    const settings = newSettings(sent);
    this.checks.checkSettings(id, settings);
    this.checks.checkGuardrails(sent);
    await this.checks.checkAddress(sent);
    if (settings.spec_path !== null) await this.documents.check(toServer(detailsOf(id, settings, actor.id)));
    return this.writes.write(id, { author: actor }, async (manager, { revision }) => {
      const isTaken = await manager.existsBy(McpServerEntity, { server_id: id });
      if (isTaken || this.registry.isConfigured(id)) throw idTaken();
      await this.checks.checkUnique(id, settings, manager);
      const row = newRow(this.codec, { id, settings, revision, createdBy: actor.id });
      await manager.save(row);
      return this.codec.toDetails(row);
    });
  }

  /**
   * Changes what is sent and keeps the rest. Secrets, those of users too, stay with the origin that they were stored for.
   * @throws GatehouseError `not_found`, `invalid_request` with every fault, `conflict` when a name is taken or the
   * server is not what the caller had read
   */
  async update(
    id: string,
    sent: SettingsChange,
    actor: Principal,
    precondition: Precondition = {},
  ): Promise<ServerDetails> {
    this.checks.checkGuardrails(sent);
    if (typeof sent.spec_path === 'string') await this.documents.check(await this.rehearse(id, sent));
    else await this.checks.checkAddress(sent);
    return this.writes.write(id, { author: actor }, async (manager, { revision, alsoChanges }) => {
      const row = await storedServer(id, manager, this.registry);
      assertUnchanged(row, precondition);
      const before = this.codec.toDetails(row);
      const settings = await this.settingsAfter(row, sent, manager);
      if (!isSameUse(before, settings)) alsoChanges(await this.userSecrets.removeOfServer(id, manager));
      Object.assign(row, this.columns(id, settings), { revision, updated_at: new Date(), updated_by: actor.id });
      await manager.save(row);
      return this.codec.toDetails(row);
    });
  }

  /**
   * What {@link update} would make of a server. Writes nothing.
   * @throws GatehouseError as {@link update}
   */
  async rehearse(id: string, sent: SettingsChange): Promise<McpServer> {
    await this.checks.checkAddress(sent);
    const { manager } = this.database;
    const row = await storedServer(id, manager, this.registry);
    return toServer({ ...this.codec.toDetails(row), ...(await this.settingsAfter(row, sent, manager)) });
  }

  /**
   * Deletes a server with every grant that names it.
   * @throws GatehouseError `not_found`, `conflict` for a server of gateway.yaml
   */
  async delete(id: string, actor: Principal): Promise<void> {
    const { change, announce } = await this.writes.write(id, { author: actor }, async (manager, { alsoChanges }) => {
      await storedServer(id, manager, this.registry);
      const removed = await this.grants.removeServerGrants(id, manager);
      const after = await this.deletions.run(id, manager);
      const secrets = await this.userSecrets.removeOfServer(id, manager);
      await manager.delete(McpServerEntity, { server_id: id });
      alsoChanges([
        ...removed.keys.ids.map((token) => ({ type: 'key', id: token })),
        ...removed.levels.changed.map((level) => ({ type: level.kind, id: level.id })),
        ...secrets,
      ]);
      return { change: removed, announce: after };
    });
    await Promise.all([this.grants.announce(change), announce()]);
  }

  /** One server by id, else by name or alias, in any state; null: none. */
  async find(reference: string): Promise<ServerDetails | null> {
    const id = this.registry.current.resolve(reference)?.id ?? reference;
    const row = await this.database.getRepository(McpServerEntity).findOneBy({ server_id: id });
    if (row !== null) return this.codec.toDetails(row);
    return this.registry.isConfigured(id) ? (this.configured.find(id) ?? null) : null;
  }

  private async settingsAfter(
    row: McpServerEntity,
    sent: SettingsChange,
    manager: EntityManager,
  ): Promise<ServerSettings> {
    const settings = changedSettings(this.codec.toDetails(row), sent);
    this.checks.checkSettings(row.server_id, settings);
    // Of others the names are checked when they are let in.
    if (row.approval_status === 'active') await this.checks.checkUnique(row.server_id, settings, manager);
    return settings;
  }

  private columns(id: string, settings: ServerSettings): object {
    return { ...settings, ...this.codec.encrypt(id, settings) };
  }
}

/** @throws GatehouseError `not_found`, `conflict` for a server of gateway.yaml */
export async function storedServer(
  id: string,
  manager: EntityManager,
  registry: ServerRegistry,
): Promise<McpServerEntity> {
  const row = await manager.findOneBy(McpServerEntity, { server_id: id });
  if (row !== null) return row;
  throw registry.isConfigured(id) ? isConfigured() : noSuchServer();
}

/** For admins; other callers must not learn whether a server exists. */
export function noSuchServer(): GatehouseError {
  return new GatehouseError('not_found', 'There is no such server.');
}

/** For admins: a server of gateway.yaml cannot be written here. */
export function isConfigured(): GatehouseError {
  return new GatehouseError('conflict', 'This server is written in gateway.yaml; change it there.');
}

function idTaken(): GatehouseError {
  return new GatehouseError('conflict', 'server_id is the id of another server; use another one or leave it out.');
}

import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { hasAdminView, type Principal } from '../auth/principal.js';
import { ServerReferences } from '../auth/server-references.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { Page, PagePosition } from '../common/page.js';
import { fieldFaults } from '../common/validation.js';
import { ToolCatalogue, ToolsetHolders } from './toolset-ports.js';
import { ToolsetStore } from './toolset-store.js';
import type { NewToolsetDto, UpdateToolsetDto } from './toolset.dto.js';
import { ToolsetEntity } from './toolset.entity.js';
import { distinctTools, type ToolReference } from './toolset.js';

/** A toolset that was written, and which of its tools the catalogue does not have. */
export interface WrittenToolset {
  readonly row: ToolsetEntity;
  readonly missing: readonly ToolReference[];
}

/** Makes, changes, shows and deletes toolsets. */
@Injectable()
export class ToolsetsService {
  constructor(
    private readonly store: ToolsetStore,
    private readonly servers: ServerReferences,
    private readonly holders: ToolsetHolders,
    private readonly catalogue: ToolCatalogue,
  ) {}

  /** @throws GatehouseError `conflict` when the name is taken, `invalid_request` naming each server that is not there */
  async create(body: NewToolsetDto, actor: Principal): Promise<WrittenToolset> {
    const now = new Date();
    const id = randomUUID();
    const row = await this.store.write(id, actor, async (manager, revision) =>
      Object.assign(new ToolsetEntity(), {
        toolset_id: id,
        toolset_name: body.toolset_name,
        description: body.description ?? null,
        tools: await this.resolved(body.tools ?? [], manager),
        ...{ revision, created_at: now, created_by: actor.id, updated_at: now, updated_by: actor.id },
      }),
    );
    return this.withMissing(row);
  }

  /**
   * Changes what the body holds: no list and no name mean no change, an empty list empties the toolset, and a
   * `description` of null is cleared.
   * @throws GatehouseError `not_found`, and as {@link create}
   */
  async update(body: UpdateToolsetDto, actor: Principal): Promise<WrittenToolset> {
    const { toolset_id: id, toolset_name: name, description, tools } = body;
    const row = await this.store.write(id, actor, async (manager, revision) => {
      const stored = await manager.findOneBy(ToolsetEntity, { toolset_id: id });
      if (stored === null) throw noSuchToolset();
      if (typeof name === 'string') stored.toolset_name = name;
      if (description !== undefined) stored.description = description;
      if (Array.isArray(tools)) stored.tools = await this.resolved(tools, manager);
      return Object.assign(stored, { revision, updated_at: new Date(), updated_by: actor.id });
    });
    return this.withMissing(row);
  }

  /**
   * Deletes a toolset with every grant that names it.
   * @throws GatehouseError `not_found`
   */
  async delete(id: string, actor: Principal): Promise<void> {
    if (!(await this.store.delete(id, actor))) throw noSuchToolset();
  }

  /**
   * One that the caller may read.
   * @throws GatehouseError `not_found` with an admin view; for others `forbidden`, whether there is one or not
   */
  async get(id: string, caller: Principal): Promise<ToolsetEntity> {
    const readable = this.readableBy(caller);
    const row = readable === 'all' || readable.has(id) ? await this.store.find(id) : null;
    if (row !== null) return row;
    throw readable === 'all'
      ? noSuchToolset()
      : new GatehouseError('forbidden', 'The caller does not hold this toolset.');
  }

  /** One page of those that the caller may read, in order of creation. */
  list(caller: Principal, limit: number, after: PagePosition | null): Promise<Page<ToolsetEntity>> {
    return this.store.page(this.readableBy(caller), limit, after);
  }

  private readableBy(caller: Principal): ReadonlySet<string> | 'all' {
    return hasAdminView(caller) ? 'all' : this.holders.heldBy(caller);
  }

  /** The tools with the ids of their servers, each once. */
  private async resolved(tools: readonly ToolReference[], manager: EntityManager): Promise<ToolReference[]> {
    const named = [...new Set(tools.map((tool) => tool.server_id))];
    const ids = named.length === 0 ? new Map<string, string>() : await this.servers.resolve(named, manager);
    const message = 'names no server; use the id, alias or name of one, or remove the entry';
    const faults = tools.flatMap(({ server_id: server }, index) =>
      ids.has(server) ? [] : [{ path: `tools.${index}.server_id`, message }],
    );
    if (faults.length > 0) throw fieldFaults(faults);
    const known = tools.map((tool) => ({ ...tool, server_id: ids.get(tool.server_id) ?? tool.server_id }));
    const distinct = distinctTools(known);
    this.refuseClashes(distinct);
    return distinct;
  }

  /** One name, one tool: where all are shown as they are, names cannot clash that do not clash elsewhere as well. */
  private refuseClashes(tools: readonly ToolReference[]): void {
    if (tools.every(({ name, fixed_arguments: fixed }) => name === undefined && fixed === undefined)) return;
    const taken = new Set<string>();
    const faults = tools.flatMap((tool, index) => {
      const name = tool.name ?? this.catalogue.publicName(tool);
      if (name === null || !taken.has(name)) {
        if (name !== null) taken.add(name);
        return [];
      }
      return [
        { path: `tools.${index}.name`, message: `is the name of another entry (${name}); give it one of its own` },
      ];
    });
    if (faults.length > 0) throw fieldFaults(faults);
  }

  private async withMissing(row: ToolsetEntity): Promise<WrittenToolset> {
    return { row, missing: await this.catalogue.missing(row.tools) };
  }
}

function noSuchToolset(): GatehouseError {
  return new GatehouseError('not_found', 'There is no such toolset.');
}

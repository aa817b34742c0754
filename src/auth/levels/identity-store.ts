import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, QueryFailedError, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { pageOf, type Page, type PagePosition } from '../../common/page.js';
import { PolicyVersions } from '../../events/policy-version.js';
import { WriteLog } from '../../write-log/write-log.js';
import type { WrittenObject } from '../../write-log/written-object.js';
import { GuardrailNames } from '../guardrail-names.js';
import type { Principal } from '../principal.js';
import { ServerReferences } from '../server-references.js';
import { ToolsetReferences } from '../toolset-references.js';
import { IDENTITIES, type IdentityFields } from './identities.js';
import { IDENTITY_ENTITIES, type IdentityKind, type IdentityReference, type IdentityRows } from './identity-kinds.js';
import { deletedIdentity, identityState, writtenIdentity } from './identity-record.js';
import { LevelDirectory } from './level-directory.js';
import { LEVELS_VERSION, type LevelChange } from './level-events.js';
import type { FieldContext } from './write-context.js';

const UNIQUE_VIOLATION = '23505';

/** What one write did. */
interface Written<T> {
  readonly result: T;
  readonly changed: readonly IdentityReference[];
  /** The same for the record of the write. */
  readonly written: readonly WrittenObject[];
}

/** A record that is to be made. */
interface Making<K extends IdentityKind> {
  readonly kind: K;
  /** undefined: a UUID is made. */
  readonly id: string | undefined;
  readonly fields: IdentityFields[K];
  readonly actor: Principal;
}

/** A record that was made, and what has to be announced once that is committed. */
interface Made<K extends IdentityKind> {
  readonly row: IdentityRows[K];
  readonly change: LevelChange;
}

interface Write extends FieldContext {
  readonly actor: Principal;
  /** Policy version of the write. */
  readonly revision: number;
}

/** Makes, changes, deletes and lists teams, users, organisations, customers, agents and access groups. */
@Injectable()
export class IdentityStore {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly directory: LevelDirectory,
    private readonly servers: ServerReferences,
    private readonly toolsets: ToolsetReferences,
    private readonly guardrails: GuardrailNames,
    private readonly log: WriteLog,
  ) {}

  /**
   * @param id undefined: a UUID is made
   * @throws GatehouseError `conflict` when the id or a unique name is in use, `invalid_request` for a field that names
   * what is not there
   */
  create<K extends IdentityKind>(
    kind: K,
    id: string | undefined,
    fields: IdentityFields[K],
    actor: Principal,
  ): Promise<IdentityRows[K]> {
    return this.write(kind, actor, (write) => this.insert({ kind, id, fields, actor }, write));
  }

  /**
   * As {@link create}, within a transaction that writes other things too. One that writes keys has to move their
   * version before, as every such transaction does. Whoever commits it announces the change.
   */
  async createWithin<K extends IdentityKind>(manager: EntityManager, making: Making<K>): Promise<Made<K>> {
    const { version, result, changed } = await this.act(manager, making.kind, making.actor, (write) =>
      this.insert(making, write),
    );
    return { row: result, change: { changed, version } };
  }

  /**
   * Changes the fields that are there and keeps the others.
   * @throws GatehouseError `not_found`, `conflict`, `invalid_request`
   */
  update<K extends IdentityKind>(
    kind: K,
    id: string,
    fields: IdentityFields[K],
    actor: Principal,
  ): Promise<IdentityRows[K]> {
    return this.change(kind, id, actor, (row, context) => IDENTITIES[kind].assign(row, fields, context));
  }

  /**
   * What {@link update} would make of a record. Writes nothing.
   * @throws GatehouseError as {@link update}
   */
  async rehearse<K extends IdentityKind>(kind: K, id: string, fields: IdentityFields[K]): Promise<IdentityRows[K]> {
    const row = await this.get(kind, id);
    await IDENTITIES[kind].assign(row, fields, this.context(this.database.manager));
    return row;
  }

  /**
   * Changes one record.
   * @param verb what the record of the write calls it
   * @throws GatehouseError `not_found`, and what `act` throws
   */
  async change<K extends IdentityKind>(
    kind: K,
    id: string,
    actor: Principal,
    act: (row: IdentityRows[K], context: FieldContext) => Promise<void> | void,
    verb = 'update',
  ): Promise<IdentityRows[K]> {
    const [row] = await this.changeAll(kind, [id], actor, act, verb);
    if (row === undefined) throw noSuch(kind);
    return row;
  }

  /**
   * Changes all of these, or none when one of them does not exist.
   * @throws GatehouseError `not_found`, and what `act` throws
   */
  changeAll<K extends IdentityKind>(
    kind: K,
    ids: readonly string[],
    actor: Principal,
    act: (row: IdentityRows[K], context: FieldContext) => Promise<void> | void,
    verb = 'update',
  ): Promise<IdentityRows[K][]> {
    return this.write(kind, actor, async (write) => {
      const rows = await this.existing(kind, ids, write.manager);
      const before = rows.map(identityState);
      for (const row of rows) {
        await act(row, write);
        Object.assign(row, { revision: write.revision, updated_at: new Date(), updated_by: actor.id });
      }
      await write.manager.save(rows);
      const written = rows.map((row, index) => writtenIdentity(kind, verb, before[index] ?? null, row));
      return { result: rows, changed: rows.map((row) => ({ kind, id: row.id })), written };
    });
  }

  /**
   * Deletes all of these, or none when one of them does not exist. Whatever refers to them is denied everything.
   * @returns their ids
   * @throws GatehouseError `not_found`
   */
  delete(kind: IdentityKind, ids: readonly string[], actor: Principal): Promise<readonly string[]> {
    return this.write(kind, actor, async (write) => {
      const rows = await this.existing(kind, ids, write.manager);
      const deleted = rows.map((row) => row.id);
      const also = await IDENTITIES[kind].remove(deleted, write);
      const changed = [...deleted.map((id) => ({ kind, id })), ...also];
      return { result: deleted, changed, written: rows.map((row) => deletedIdentity(kind, row, also)) };
    });
  }

  /** @throws GatehouseError `not_found` */
  async get<K extends IdentityKind>(kind: K, id: string): Promise<IdentityRows[K]> {
    const row = await this.query(kind, this.database.manager).andWhere('row.id = :id', { id }).getOne();
    if (row === null) throw noSuch(kind);
    return row;
  }

  /**
   * One page, in order of creation.
   * @param among only these; null: all
   */
  async list<K extends IdentityKind>(
    kind: K,
    limit: number,
    after: PagePosition | null,
    among: ReadonlySet<string> | null = null,
  ): Promise<Page<IdentityRows[K]>> {
    const query = this.query(kind, this.database.manager);
    if (among !== null) query.andWhere('row.id = ANY(:among)', { among: [...among] });
    if (after !== null) query.andWhere('(row.created_at, row.id) > (:createdAt, :id)', after);
    const rows = await query
      .orderBy('row.created_at')
      .addOrderBy('row.id')
      .limit(limit + 1)
      .getMany();
    return pageOf(rows, limit, (row) => ({ createdAt: row.created_at, id: row.id }));
  }

  private async insert<K extends IdentityKind>(
    { kind, id, fields, actor }: Making<K>,
    write: Write,
  ): Promise<Written<IdentityRows[K]>> {
    const definition = IDENTITIES[kind];
    if (id !== undefined) await this.assertUnused(kind, id, write.manager);
    const now = new Date();
    const made = { id: id ?? randomUUID(), revision: write.revision, created_at: now, created_by: actor.id };
    const row = Object.assign(definition.blank(), made, { updated_at: now, updated_by: actor.id });
    await definition.assign(row, fields, write);
    await write.manager.save(row);
    return { result: row, changed: [{ kind, id: row.id }], written: [writtenIdentity(kind, 'create', null, row)] };
  }

  private async existing<K extends IdentityKind>(
    kind: K,
    ids: readonly string[],
    manager: EntityManager,
  ): Promise<IdentityRows[K][]> {
    const wanted = [...new Set(ids)];
    const rows = await this.query(kind, manager).andWhere('row.id = ANY(:ids)', { ids: wanted }).getMany();
    if (rows.length !== wanted.length) throw noSuch(kind);
    return rows;
  }

  private query<K extends IdentityKind>(kind: K, manager: EntityManager): SelectQueryBuilder<IdentityRows[K]> {
    const query = manager.getRepository(IDENTITY_ENTITIES[kind]).createQueryBuilder('row');
    return IDENTITIES[kind].keepsDeleted ? query.where('row.deleted_at IS NULL') : query;
  }

  /** What still refers to an id that is used again would come back to life. */
  private async assertUnused(kind: IdentityKind, id: string, manager: EntityManager): Promise<void> {
    const { idField, isReferred } = IDENTITIES[kind];
    const present = await this.query(kind, manager).andWhere('row.id = :id', { id }).getExists();
    if (present) throw new GatehouseError('conflict', `This ${idField} is in use.`);
    if (await isReferred(id, manager)) {
      const message = `Keys or teams still refer to a deleted record with this ${idField}. Delete them, or use another id.`;
      throw new GatehouseError('conflict', message);
    }
  }

  /**
   * One write: the policy version moves in the same transaction, and first, since its row lock puts all writers of
   * levels in order. The record of the write is part of the transaction too.
   */
  private async write<T>(kind: IdentityKind, actor: Principal, act: (write: Write) => Promise<Written<T>>): Promise<T> {
    const { version, result, changed } = await this.database.transaction((manager) =>
      this.act(manager, kind, actor, act),
    );
    await this.directory.announce({ changed, version });
    return result;
  }

  private context(manager: EntityManager): FieldContext {
    const { servers, toolsets, guardrails } = this;
    return { manager, servers, toolsets, guardrails };
  }

  private async act<T>(
    manager: EntityManager,
    kind: IdentityKind,
    actor: Principal,
    act: (write: Write) => Promise<Written<T>>,
  ): Promise<Written<T> & { readonly version: number }> {
    const version = await this.versions.bump(manager, LEVELS_VERSION);
    try {
      const done = await act({ ...this.context(manager), actor, revision: version });
      await this.log.record(manager, actor, done.written);
      return { version, ...done };
    } catch (error) {
      throw isUniqueViolation(error) ? new GatehouseError('conflict', IDENTITIES[kind].nameTaken) : error;
    }
  }
}

function noSuch(kind: IdentityKind): GatehouseError {
  return new GatehouseError('not_found', `There is no such ${IDENTITIES[kind].label}.`);
}

function isUniqueViolation(thrown: unknown): boolean {
  return thrown instanceof QueryFailedError && 'code' in thrown && thrown.code === UNIQUE_VIOLATION;
}

import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { Page, PagePosition } from '../common/page.js';
import { fieldFaults } from '../common/validation.js';
import { GuardrailNames } from './guardrail-names.js';
import { KeyAssignment } from './key-assignment.js';
import { KeyAuthority } from './key-authority.js';
import type { GenerateKeyDto, KeyFieldsDto, UpdateKeyDto } from './key.dto.js';
import { VirtualKeyEntity } from './key.entity.js';
import { assignKeyFields, blankKey, checkOwners } from './key-fields.js';
import { deletedKey, keyState, writtenKey } from './key-record.js';
import { KeyStore } from './key-store.js';
import { hashKey, maskKey, newKey, toHash } from './key-token.js';
import { knownKeyOf, type KnownKey } from './known-key.js';
import { KNOWN_LEVEL_OF } from './levels/known-level.js';
import { TeamEntity } from './levels/team.entity.js';
import { hasAdminView, isAdmin, type GrantLevel, type Principal } from './principal.js';

/** A key that was just made, or made anew. The only place where the key itself exists besides its owner. */
export interface GeneratedKey {
  readonly key: string;
  readonly record: VirtualKeyEntity;
}

/** What was done before a key is made, with the fields of that key. */
export interface Prepared<T> {
  readonly body: GenerateKeyDto;
  readonly prepared: T;
}

type Stamp = Pick<VirtualKeyEntity, 'revision' | 'updated_at' | 'updated_by'>;

/** A write of the fields of a key. */
interface FieldWrite {
  readonly row: VirtualKeyEntity;
  readonly body: KeyFieldsDto;
  readonly isNew: boolean;
  /** It was in another team before. */
  readonly isMoved: boolean;
}

/** Fields that grant servers. */
const GRANTS = ['team_id', 'object_permission', 'access_group_ids'] as const;
/** Fields that give rights. A write of others is not compared with what the writer has. */
const RIGHTS = [
  ...[...GRANTS, 'user_id', 'allowed_routes', 'argument_rules', 'metadata'],
  ...['rpm_limit', 'mcp_rpm_limit', 'max_budget', 'duration'],
] as const;

/** Makes, shows, changes, exchanges, blocks and deletes virtual keys. */
@Injectable()
export class KeysService {
  constructor(
    private readonly store: KeyStore,
    private readonly authority: KeyAuthority,
    private readonly assignment: KeyAssignment,
    private readonly guardrails: GuardrailNames,
  ) {}

  /**
   * @throws GatehouseError `conflict` when the alias is taken, `invalid_request` when the duration reaches too far or
   *   something is named that is not there, `forbidden` when the caller may not give this
   */
  generate(body: GenerateKeyDto, actor: Principal): Promise<GeneratedKey> {
    return this.generateAfter(() => Promise.resolve({ body, prepared: null }), actor);
  }

  /**
   * Makes a key in one transaction with what it is for.
   * @param prepare runs before the key is made, and tells its fields
   * @throws GatehouseError as {@link generate}, and what `prepare` throws
   */
  async generateAfter<T>(
    prepare: (manager: EntityManager) => Promise<Prepared<T>>,
    actor: Principal,
  ): Promise<GeneratedKey & Pick<Prepared<T>, 'prepared'>> {
    const key = newKey();
    const now = new Date();
    const { record, prepared } = await this.store.write(actor, async (manager, revision) => {
      const { body, prepared: before } = await prepare(manager);
      const row = blankKey();
      Object.assign(row, this.authority.ownersAfter(actor, body, null));
      Object.assign(row, secretOf(key), stampOf(actor, now, revision), { created_at: now, created_by: actor.id });
      await checkOwners(row, null, manager);
      await this.assign({ row, body, isNew: true, isMoved: true }, actor, manager);
      await manager.save(row);
      const written = [writtenKey('create', null, row)];
      return { result: { record: row, prepared: before }, tokens: [row.token], written };
    });
    return { key, record, prepared };
  }

  /**
   * Changes what the body holds.
   * @throws GatehouseError as {@link generate}, and `not_found`
   */
  update(body: UpdateKeyDto, actor: Principal): Promise<VirtualKeyEntity> {
    return this.store.write(actor, async (manager, revision) => {
      const row = await this.managed(body.key, actor, manager);
      const before = keyState(row);
      Object.assign(row, stampOf(actor, new Date(), revision));
      await this.change(row, body, actor, manager);
      await manager.save(row);
      return { result: row, tokens: [row.token], written: [writtenKey('update', before, row)] };
    });
  }

  /**
   * What {@link update} would make of a key. Writes nothing.
   * @throws GatehouseError as {@link update}
   */
  async rehearse(reference: string, body: KeyFieldsDto, actor: Principal): Promise<KnownKey> {
    const manager = this.store.reader;
    const row = await this.managed(reference, actor, manager);
    await this.change(row, body, actor, manager);
    return knownKeyOf(row);
  }

  /**
   * Exchanges the secret of a key. Everything else about it stays, and the old secret opens nothing from now on.
   * @throws GatehouseError `not_found`, `forbidden` when the key allows more than the one that the caller calls with
   */
  async regenerate(reference: string, actor: Principal): Promise<GeneratedKey> {
    const key = newKey();
    const record = await this.store.write(actor, async (manager, revision) => {
      const row = await this.managed(reference, actor, manager);
      const { token } = row;
      const before = keyState(row);
      if (token !== actor.keyHash) this.assignment.checkBounds(row, await teamOf(row, manager), actor);
      const changed = { ...secretOf(key), ...stampOf(actor, new Date(), revision) };
      await manager.update(VirtualKeyEntity, { token }, changed);
      Object.assign(row, changed);
      return { result: row, tokens: [token, row.token], written: [writtenKey('regenerate', before, row)] };
    });
    return { key, record };
  }

  /**
   * One key that the caller may read.
   * @param reference a key or its hash; undefined: the calling key
   * @throws GatehouseError `forbidden` alike for a key that the caller may not read and one that does not exist
   */
  async info(reference: string | undefined, caller: Principal): Promise<VirtualKeyEntity> {
    const token = reference === undefined ? caller.keyHash : (toHash(reference) ?? null);
    const record = token === null ? null : await this.store.find(token);
    if (record !== null && this.authority.mayRead(caller, record)) return record;
    if (!hasAdminView(caller)) throw new GatehouseError('forbidden', 'The caller may not read this key.');
    if (token !== null) throw noSuchKey();
    throw fieldFaults([{ path: 'key', message: 'must be a key (sk-…) or its token (64 hexadecimal characters)' }]);
  }

  /** One page of the keys that the caller may read, in order of creation. */
  list(caller: Principal, limit: number, after: PagePosition | null): Promise<Page<VirtualKeyEntity>> {
    return this.store.page(this.authority.readableBy(caller), limit, after);
  }

  /**
   * Blocks or unblocks a key.
   * @throws GatehouseError `not_found`, `forbidden`
   */
  setBlocked(reference: string, blocked: boolean, actor: Principal): Promise<VirtualKeyEntity> {
    return this.store.write(actor, async (manager, revision) => {
      const row = await this.managed(reference, actor, manager);
      const before = keyState(row);
      const changed = { blocked, ...stampOf(actor, new Date(), revision) };
      await manager.update(VirtualKeyEntity, { token: row.token }, changed);
      Object.assign(row, changed);
      const written = [writtenKey(blocked ? 'block' : 'unblock', before, row)];
      return { result: row, tokens: [row.token], written };
    });
  }

  /**
   * Deletes all of these keys, or none when one of them does not exist or is not the caller's.
   * @returns their tokens
   * @throws GatehouseError `not_found`, `forbidden`
   */
  delete(references: readonly string[], actor: Principal): Promise<readonly string[]> {
    const tokens = [...new Set(references.map((reference) => toHash(reference) ?? ''))];
    return this.store.write(actor, async (manager) => {
      const rows = await manager.findBy(VirtualKeyEntity, { token: In(tokens) });
      const isAllowed = rows.length === tokens.length && rows.every((row) => this.authority.mayManage(actor, row));
      if (!isAllowed) throw notManaged(actor);
      await manager.delete(VirtualKeyEntity, { token: In(tokens) });
      return { result: tokens, tokens, written: rows.map(deletedKey) };
    });
  }

  private async change(
    row: VirtualKeyEntity,
    body: KeyFieldsDto,
    actor: Principal,
    manager: EntityManager,
  ): Promise<void> {
    const owners = this.authority.ownersAfter(actor, body, row);
    await checkOwners(owners, row, manager);
    const isMoved = owners.team_id !== row.team_id;
    Object.assign(row, owners);
    await this.assign({ row, body, isNew: false, isMoved }, actor, manager);
  }

  private async assign(
    { row, body, isNew, isMoved }: FieldWrite,
    actor: Principal,
    manager: EntityManager,
  ): Promise<void> {
    const team = await teamOf(row, manager);
    const references = this.assignment.referencesFor(actor, team);
    await assignKeyFields(row, body, { manager, ...references, guardrails: this.guardrails }, row.updated_at);
    const writes = (fields: readonly (keyof KeyFieldsDto)[]): boolean =>
      isNew || fields.some((field) => body[field] !== undefined);
    if (writes(GRANTS)) {
      const stored = isMoved ? row : null;
      await this.assignment.checkGrants({ stored, body, team, references }, actor, manager);
    }
    if (writes(RIGHTS)) this.assignment.checkBounds(row, team, actor);
  }

  /** A key that the caller may write. Whoever may not write all keys is not told which ones there are. */
  private async managed(reference: string, actor: Principal, manager: EntityManager): Promise<VirtualKeyEntity> {
    const row = await manager.findOneBy(VirtualKeyEntity, { token: toHash(reference) ?? '' });
    if (row === null || !this.authority.mayManage(actor, row)) throw notManaged(actor);
    return row;
  }
}

async function teamOf({ team_id: id }: VirtualKeyEntity, manager: EntityManager): Promise<GrantLevel | null> {
  const team = id === null ? null : await manager.findOneBy(TeamEntity, { id });
  return team === null ? null : KNOWN_LEVEL_OF.team(team).level;
}

function secretOf(key: string): Pick<VirtualKeyEntity, 'token' | 'key_name'> {
  return { token: hashKey(key), key_name: maskKey(key) };
}

function stampOf(actor: Principal, now: Date, revision: number): Stamp {
  return { revision, updated_at: now, updated_by: actor.id };
}

function notManaged(actor: Principal): GatehouseError {
  return isAdmin(actor) ? noSuchKey() : new GatehouseError('forbidden', 'The caller may not write this key.');
}

function noSuchKey(): GatehouseError {
  return new GatehouseError('not_found', 'There is no such key.');
}

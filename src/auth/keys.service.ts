import { Injectable } from '@nestjs/common';
import { DataSource, In, QueryFailedError, type EntityManager } from 'typeorm';
import { GatehouseError } from '../common/gatehouse-error.js';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { fieldFaults } from '../common/validation.js';
import { PolicyVersions } from '../events/policy-version.js';
import { resolveGrants } from './grant-resolution.js';
import { KeyChanges } from './key-changes.js';
import type { GenerateKeyDto } from './key.dto.js';
import { addDuration } from './key-duration.js';
import { VirtualKeyEntity } from './key.entity.js';
import { KEYS_VERSION } from './key-events.js';
import { hashKey, maskKey, newKey, toHash } from './key-token.js';
import { hasAdminView, type Principal } from './principal.js';
import { ServerReferences } from './server-references.js';

const UNIQUE_VIOLATION = '23505';

/** A key that was just made. The only place where the key itself exists besides its owner. */
export interface GeneratedKey {
  readonly key: string;
  readonly record: VirtualKeyEntity;
}

/** Makes, shows, blocks and deletes virtual keys. */
@Injectable()
export class KeysService {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly changes: KeyChanges,
    private readonly servers: ServerReferences,
  ) {}

  /**
   * @throws GatehouseError `conflict` when the alias is taken, `invalid_request` when the duration reaches too far
   */
  async generate(body: GenerateKeyDto, actor: Principal): Promise<GeneratedKey> {
    const key = newKey();
    const now = new Date();
    const expires = expiryOf(body.duration, now);
    const record = await this.write(async (manager, revision) => {
      const grants = await resolveGrants(body.object_permission, this.servers, manager);
      const row = Object.assign(new VirtualKeyEntity(), {
        token: hashKey(key),
        key_name: maskKey(key),
        key_alias: body.key_alias ?? null,
        expires,
        blocked: body.blocked ?? false,
        allowed_routes: body.allowed_routes ?? [],
        object_permission: grants.permission,
        permission_closed: grants.closed,
        metadata: body.metadata ?? {},
        revision,
        created_at: now,
        created_by: actor.id,
        updated_at: now,
        updated_by: actor.id,
      });
      await manager.save(row);
      return { result: row, tokens: [row.token] };
    });
    return { key, record };
  }

  /**
   * One key: any for callers with an admin view, else the calling key only.
   * @param reference a key or its hash; undefined: the calling key
   * @throws GatehouseError `forbidden` alike for a key that is not the caller's and one that does not exist
   */
  async info(reference: string | undefined, caller: Principal): Promise<VirtualKeyEntity> {
    const token = reference === undefined ? caller.keyHash : (toHash(reference) ?? null);
    if (!hasAdminView(caller) && (token === null || token !== caller.keyHash)) {
      throw new GatehouseError('forbidden', 'A key may read only itself.');
    }
    if (token === null) {
      throw fieldFaults([{ path: 'key', message: 'must be a key (sk-…) or its token (64 hexadecimal characters)' }]);
    }
    const record = await this.database.getRepository(VirtualKeyEntity).findOneBy({ token });
    if (record === null) throw noSuchKey();
    return record;
  }

  /** One page of all keys, in order of creation. */
  async list(limit: number, after: PagePosition | null): Promise<Page<VirtualKeyEntity>> {
    const query = this.database.getRepository(VirtualKeyEntity).createQueryBuilder('k');
    if (after !== null) query.where('(k.created_at, k.token) > (:createdAt, :id)', after);
    const rows = await query
      .orderBy('k.created_at')
      .addOrderBy('k.token')
      .limit(limit + 1)
      .getMany();
    return pageOf(rows, limit, (row) => ({ createdAt: row.created_at, id: row.token }));
  }

  /**
   * Blocks or unblocks a key.
   * @throws GatehouseError `not_found`
   */
  setBlocked(reference: string, blocked: boolean, actor: Principal): Promise<VirtualKeyEntity> {
    return this.write(async (manager, revision) => {
      const token = toHash(reference) ?? '';
      const row = await manager.findOneBy(VirtualKeyEntity, { token });
      if (row === null) throw noSuchKey();
      const changed = { blocked, revision, updated_at: new Date(), updated_by: actor.id };
      await manager.update(VirtualKeyEntity, { token }, changed);
      return { result: Object.assign(row, changed), tokens: [token] };
    });
  }

  /**
   * Deletes all of these keys, or none when one of them does not exist.
   * @returns their tokens
   * @throws GatehouseError `not_found`
   */
  delete(references: readonly string[]): Promise<readonly string[]> {
    const tokens = [...new Set(references.map((reference) => toHash(reference) ?? ''))];
    return this.write(async (manager) => {
      const { affected } = await manager.delete(VirtualKeyEntity, { token: In(tokens) });
      if (affected !== tokens.length) throw noSuchKey();
      return { result: tokens, tokens };
    });
  }

  /**
   * One write: the policy version moves in the same transaction, and first, since its row lock puts all writers of
   * keys and grants in order.
   */
  private async write<T>(
    act: (manager: EntityManager, revision: number) => Promise<{ result: T; tokens: readonly string[] }>,
  ): Promise<T> {
    const written = await this.database
      .transaction(async (manager) => {
        const version = await this.versions.bump(manager, KEYS_VERSION);
        return { version, ...(await act(manager, version)) };
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? new GatehouseError('conflict', 'This key_alias is in use.') : error;
      });
    await this.changes.announce({ tokens: written.tokens, version: written.version });
    return written.result;
  }
}

function expiryOf(duration: string | null | undefined, now: Date): Date | null {
  if (duration === null || duration === undefined) return null;
  const expires = addDuration(now, duration);
  if (expires === null) throw fieldFaults([{ path: 'duration', message: 'reaches too far; use at most 1200mo' }]);
  return expires;
}

function noSuchKey(): GatehouseError {
  return new GatehouseError('not_found', 'There is no such key.');
}

function isUniqueViolation(thrown: unknown): boolean {
  return thrown instanceof QueryFailedError && 'code' in thrown && thrown.code === UNIQUE_VIOLATION;
}

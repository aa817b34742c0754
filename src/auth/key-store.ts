import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import { GatehouseError } from '../common/gatehouse-error.js';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { ReadableKeys } from './key-authority.js';
import { KeyChanges } from './key-changes.js';
import { VirtualKeyEntity } from './key.entity.js';
import { KEYS_VERSION } from './key-events.js';

const UNIQUE_VIOLATION = '23505';

/** What a write did. */
export interface Written<T> {
  readonly result: T;
  /** Keys that it made, changed or deleted. */
  readonly tokens: readonly string[];
}

/** The table of keys. */
@Injectable()
export class KeyStore {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly changes: KeyChanges,
  ) {}

  /** For reads outside of a write. */
  get reader(): EntityManager {
    return this.database.manager;
  }

  find(token: string): Promise<VirtualKeyEntity | null> {
    return this.database.getRepository(VirtualKeyEntity).findOneBy({ token });
  }

  /** One page of the keys that somebody may read, in order of creation. */
  async page(readable: ReadableKeys, limit: number, after: PagePosition | null): Promise<Page<VirtualKeyEntity>> {
    const query = this.database.getRepository(VirtualKeyEntity).createQueryBuilder('k');
    if (after !== null) query.andWhere('(k.created_at, k.token) > (:createdAt, :id)', after);
    if (readable !== 'all') {
      query.andWhere(
        `(k.token = :token OR k.team_id = ANY(:teamIds)
          OR (k.user_id = :userId AND (:onlyTeam::text IS NULL OR k.team_id = :onlyTeam::text)))`,
        readable,
      );
    }
    const rows = await query
      .orderBy('k.created_at')
      .addOrderBy('k.token')
      .limit(limit + 1)
      .getMany();
    return pageOf(rows, limit, (row) => ({ createdAt: row.created_at, id: row.token }));
  }

  /**
   * One write: the policy version moves in the same transaction, and first, since its row lock puts all writers of
   * keys and grants in order.
   * @throws GatehouseError `conflict` when the alias is taken
   */
  async write<T>(act: (manager: EntityManager, revision: number) => Promise<Written<T>>): Promise<T> {
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

function isUniqueViolation(thrown: unknown): boolean {
  return thrown instanceof QueryFailedError && 'code' in thrown && thrown.code === UNIQUE_VIOLATION;
}

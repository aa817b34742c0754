import { Injectable } from '@nestjs/common';
import { DataSource, QueryFailedError, type EntityManager } from 'typeorm';
import { GatehouseError } from '../common/gatehouse-error.js';
import { pageOf, type Page, type PagePosition } from '../common/page.js';
import { PolicyVersions } from '../events/policy-version.js';
import { WriteLog } from '../write-log/write-log.js';
import type { WrittenObject } from '../write-log/written-object.js';
import type { ReadableKeys } from './key-authority.js';
import { KeyDirectory } from './key-directory.js';
import { VirtualKeyEntity } from './key.entity.js';
import { KEYS_VERSION } from './key-events.js';
import type { Principal } from './principal.js';

const UNIQUE_VIOLATION = '23505';

/** What a write did. */
export interface Written<T> {
  readonly result: T;
  /** Keys that it made, changed or deleted. */
  readonly tokens: readonly string[];
  /** The same for the record of the write. */
  readonly written: readonly WrittenObject[];
}

/** The table of keys. */
@Injectable()
export class KeyStore {
  constructor(
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    private readonly directory: KeyDirectory,
    private readonly log: WriteLog,
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
   * keys and grants in order. The record of the write is part of the transaction too.
   * @throws GatehouseError `conflict` when the alias is taken
   */
  async write<T>(
    author: Principal,
    act: (manager: EntityManager, revision: number) => Promise<Written<T>>,
  ): Promise<T> {
    const done = await this.database
      .transaction(async (manager) => {
        const version = await this.versions.bump(manager, KEYS_VERSION);
        const written = await act(manager, version);
        await this.log.record(manager, author, written.written);
        return { version, ...written };
      })
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? new GatehouseError('conflict', 'This key_alias is in use.') : error;
      });
    await this.directory.announce({ ids: done.tokens, version: done.version });
    return done.result;
  }
}

function isUniqueViolation(thrown: unknown): boolean {
  return thrown instanceof QueryFailedError && 'code' in thrown && thrown.code === UNIQUE_VIOLATION;
}

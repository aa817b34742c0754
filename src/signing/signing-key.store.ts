import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull, LessThan, Not, type EntityManager } from 'typeorm';
import type { SigningAlgorithm } from '../config/jwt-signer-config.js';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { WriteAuthor } from '../write-log/write-author.js';
import { WriteLog } from '../write-log/write-log.js';
import type { WrittenObject } from '../write-log/written-object.js';
import { newPrivateKey, signingKeyOf } from './key-material.js';
import { LONGEST_TOKEN_LIFE_SECONDS, publishedKeys, type ScheduledKey } from './key-schedule.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** Name of the version that every write to the keys moves. */
export const SIGNING_KEYS_VERSION = 'signing-keys';

/** The keys of this store; those for other purposes are nobody's business here. */
const TOKENS = 'tokens';

/** When a new key takes over. */
export interface Takeover {
  /** Milliseconds since the epoch. */
  readonly signsFrom: number;
  /** All keys before it are removed: nothing that they signed is accepted any more. */
  readonly removesOthers: boolean;
}

/** The stored keys. Private halves are encrypted and bound to their rows. */
@Injectable()
export class SigningKeyStore {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
    private readonly versions: PolicyVersions,
    private readonly log: WriteLog,
  ) {}

  readVersion(): Promise<number> {
    return this.versions.read(SIGNING_KEYS_VERSION);
  }

  /** @throws GatehouseError `internal_error` when a key cannot be decrypted */
  async all(): Promise<ScheduledKey[]> {
    const rows = await this.database.getRepository(SigningKeyEntity).findBy({ purpose: TOKENS });
    return rows.map((row) => this.read(row));
  }

  /** Makes the first key of an algorithm, unless there is one. Of processes that start together, one makes it. */
  async ensure(algorithm: SigningAlgorithm): Promise<void> {
    const exists = await this.database.getRepository(SigningKeyEntity).existsBy({ algorithm, purpose: TOKENS });
    if (exists) return;
    const pem = await newPrivateKey(algorithm);
    await this.database.transaction(async (manager) => {
      // The row lock puts the writers in order, so the second one finds the key of the first.
      await this.versions.bump(manager, SIGNING_KEYS_VERSION);
      if (await manager.existsBy(SigningKeyEntity, { algorithm, purpose: TOKENS })) return;
      await this.insert(manager, pem, algorithm, Date.now());
    });
  }

  /**
   * Retires the keys of all other algorithms, unless they are, and takes up those of these again. Keys that were retired
   * so long ago that they are no longer published are removed.
   */
  async settle(algorithms: readonly SigningAlgorithm[]): Promise<void> {
    const used = { purpose: TOKENS, algorithm: In([...algorithms]), retired_at: Not(IsNull()) };
    const unused = { purpose: TOKENS, algorithm: Not(In([...algorithms])), retired_at: IsNull() };
    const past = new Date(Date.now() - LONGEST_TOKEN_LIFE_SECONDS * 1000);
    const forgotten = { purpose: TOKENS, algorithm: Not(In([...algorithms])), retired_at: LessThan(past) };
    if (!(await this.database.getRepository(SigningKeyEntity).existsBy([used, unused, forgotten]))) return;
    await this.database.transaction(async (manager) => {
      await this.versions.bump(manager, SIGNING_KEYS_VERSION);
      await manager.update(SigningKeyEntity, used, { retired_at: null });
      await manager.update(SigningKeyEntity, unused, { retired_at: new Date() });
      await manager.delete(SigningKeyEntity, forgotten);
    });
  }

  /**
   * Adds a key of every algorithm that takes over, removes those that are no longer published, whatever their algorithm,
   * and records both.
   */
  async rotate(algorithms: readonly SigningAlgorithm[], takeover: Takeover, author: WriteAuthor): Promise<void> {
    const made = await Promise.all(
      algorithms.map(async (algorithm) => ({ algorithm, pem: await newPrivateKey(algorithm) })),
    );
    await this.database.transaction(async (manager) => {
      await this.versions.bump(manager, SIGNING_KEYS_VERSION);
      const removed = await this.remove(manager, takeover.removesOthers);
      const added: WrittenObject[] = [];
      for (const { algorithm, pem } of made) {
        const id = await this.insert(manager, pem, algorithm, takeover.signsFrom);
        const after = { algorithm, signs_from: new Date(takeover.signsFrom).toISOString() };
        added.push({ type: 'signing_key', id, verb: 'rotate', name: null, before: null, after });
      }
      await this.log.record(manager, author, [...removed, ...added]);
    });
  }

  private async remove(manager: EntityManager, all: boolean): Promise<WrittenObject[]> {
    const present = (await manager.findBy(SigningKeyEntity, { purpose: TOKENS })).map((row) => this.read(row));
    const kept = new Set(all ? [] : publishedKeys(present, Date.now()).map(({ key }) => key.kid));
    const removed = present.filter(({ kid }) => !kept.has(kid));
    for (const { kid } of removed) await manager.delete(SigningKeyEntity, { kid });
    return removed.map(({ kid: id, algorithm }) => {
      return { type: 'signing_key', id, verb: 'delete', name: null, before: { algorithm }, after: null };
    });
  }

  private async insert(
    manager: EntityManager,
    pem: string,
    algorithm: SigningAlgorithm,
    signsFrom: number,
  ): Promise<string> {
    const { kid } = signingKeyOf(pem, algorithm);
    const private_key = this.cipher.encrypt(pem, bindingOf(kid));
    await manager.insert(SigningKeyEntity, {
      kid,
      algorithm,
      purpose: TOKENS,
      private_key,
      signs_from: new Date(signsFrom),
    });
    return kid;
  }

  private read({ kid, algorithm, private_key, signs_from, created_at, retired_at }: SigningKeyEntity): ScheduledKey {
    const key = signingKeyOf(this.cipher.decrypt(private_key, bindingOf(kid)), algorithm);
    const times = { signsFrom: signs_from.getTime(), createdAt: created_at.getTime() };
    return { ...key, ...times, retiredAt: retired_at?.getTime() ?? null };
  }
}

/** What the encrypted private half of a key is bound to. */
export function bindingOf(kid: string): FieldBinding {
  return { table: 'signing_keys', row: kid, field: 'private_key' };
}

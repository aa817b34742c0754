import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { SigningAlgorithm } from '../config/jwt-signer-config.js';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import { PolicyVersions } from '../events/policy-version.js';
import type { WriteAuthor } from '../write-log/write-author.js';
import { WriteLog } from '../write-log/write-log.js';
import { newPrivateKey, signingKeyOf } from './key-material.js';
import { publishedKeys, type ScheduledKey } from './key-schedule.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** Name of the version that every write to the keys moves. */
export const SIGNING_KEYS_VERSION = 'signing-keys';

const TOKENS = 'tokens';

/** When a new key takes over. */
export interface Takeover {
  /** Milliseconds since the epoch. */
  readonly signsFrom: number;
  /** The keys before it are removed: nothing that they signed is accepted any more. */
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

  /** Adds a key that takes over, removes those that are no longer published, and records both. @returns its id */
  async add(algorithm: SigningAlgorithm, { signsFrom, removesOthers }: Takeover, author: WriteAuthor): Promise<string> {
    const pem = await newPrivateKey(algorithm);
    return this.database.transaction(async (manager) => {
      await this.versions.bump(manager, SIGNING_KEYS_VERSION);
      const present = (await manager.findBy(SigningKeyEntity, { algorithm, purpose: TOKENS })).map((row) =>
        this.read(row),
      );
      const kept = new Set(publishedKeys(present, Date.now()).map(({ key }) => key.kid));
      const removed = present.filter(({ kid }) => removesOthers || !kept.has(kid));
      for (const { kid } of removed) await manager.delete(SigningKeyEntity, { kid });
      const kid = await this.insert(manager, pem, algorithm, signsFrom);
      const after = { algorithm, signs_from: new Date(signsFrom).toISOString() };
      const also = removed.map((key) => ({ type: 'signing_key', id: key.kid }));
      await this.log.record(manager, author, [
        { type: 'signing_key', id: kid, verb: 'rotate', name: null, before: null, after, also },
      ]);
      return kid;
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

  private read({ kid, algorithm, private_key, signs_from, created_at }: SigningKeyEntity): ScheduledKey {
    const key = signingKeyOf(this.cipher.decrypt(private_key, bindingOf(kid)), algorithm);
    return { ...key, signsFrom: signs_from.getTime(), createdAt: created_at.getTime() };
  }
}

/** What the encrypted private half of a key is bound to. */
export function bindingOf(kid: string): FieldBinding {
  return { table: 'signing_keys', row: kid, field: 'private_key' };
}

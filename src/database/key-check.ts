import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { systemCodeOf } from '../common/gatehouse-error.js';
import { DatabaseUnavailableError } from './database-unavailable-error.js';
import { FieldCipher } from './field-cipher.js';
import { notMigrated } from './installation-id.js';
import { SettingEntity } from './setting.entity.js';

const NAME = 'encryption-key-check';
/** SQLSTATE of a table that does not exist. */
const UNDEFINED_TABLE = '42P01';
const EXPECTED = 'gatehouse';
const BINDING = { table: 'gatehouse_settings', row: NAME, field: 'value' };

/** Refuses to start with a keyring that cannot read what is stored, before anything is written under a wrong key. */
@Injectable()
export class KeyCheck implements OnModuleInit {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
  ) {}

  async onModuleInit(): Promise<void> {
    const stored = await this.storedCheck();
    if (!this.reads(stored.value)) {
      throw new DatabaseUnavailableError(
        'ENCRYPTION_KEYS does not hold the key that this database was encrypted with: add the old key to the keyring.',
      );
    }
  }

  /** The first start writes it. */
  private async storedCheck(): Promise<SettingEntity> {
    const settings = this.database.getRepository(SettingEntity);
    try {
      await settings
        .createQueryBuilder()
        .insert()
        .values({ name: NAME, value: this.cipher.encrypt(EXPECTED, BINDING) })
        .orIgnore()
        .execute();
      return await settings.findOneByOrFail({ name: NAME });
    } catch (error) {
      if (systemCodeOf(error) !== UNDEFINED_TABLE) throw error;
      throw notMigrated(error);
    }
  }

  private reads(envelope: string): boolean {
    try {
      return this.cipher.decrypt(envelope, BINDING) === EXPECTED;
    } catch {
      return false;
    }
  }
}

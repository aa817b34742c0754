import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DatabaseUnavailableError } from './database-unavailable-error.js';
import { FieldCipher } from './field-cipher.js';
import { SettingEntity } from './setting.entity.js';

const NAME = 'encryption-key-check';
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
    const settings = this.database.getRepository(SettingEntity);
    await settings
      .createQueryBuilder()
      .insert()
      .values({ name: NAME, value: this.cipher.encrypt(EXPECTED, BINDING) })
      .orIgnore()
      .execute();
    const stored = await settings.findOneByOrFail({ name: NAME });
    if (!this.reads(stored.value)) {
      throw new DatabaseUnavailableError(
        'ENCRYPTION_KEYS does not hold the key that this database was encrypted with: add the old key to the keyring.',
      );
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

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { ALL_MIGRATIONS } from '../../migrations/all-migrations.js';
import { availableBackends } from '../../test/e2e/support/backends.js';
import type { TestDatabase } from '../../test/fixtures/test-database.js';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { dataSourceOptions } from './data-source-options.js';
import { FieldCipher } from './field-cipher.js';
import { KeyCheck } from './key-check.js';
import { migrateLocked } from './migrate.js';
import { SettingEntity } from './setting.entity.js';

describe.each(availableBackends())('migrations on $name', (backend) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await backend.createDatabase();
  });
  afterAll(() => database.drop());

  it('run once although four replicas start together, and not again', async () => {
    const url = new Secret(database.url);
    const runs = await Promise.all([1, 2, 3, 4].map(() => migrateLocked(url)));
    const names = ALL_MIGRATIONS.map((migration) => migration.name);
    expect(runs.filter((run) => run.length > 0)).toEqual([names]);
    expect(await migrateLocked(url)).toEqual([]);
  });

  it('are followed by a start only with a keyring that can read what is stored', async () => {
    const source = new DataSource({ ...dataSourceOptions(new Secret(database.url)), entities: [SettingEntity] });
    await source.initialize();
    const k1 = { kid: 'k1', key: new Secret(randomBytes(32)) };
    const k2 = { kid: 'k2', key: new Secret(randomBytes(32)) };
    const stranger = { kid: 'k1', key: new Secret(randomBytes(32)) };
    const start = (...encryptionKeys: Config['encryptionKeys']): Promise<void> =>
      new KeyCheck(source, new FieldCipher({ encryptionKeys } as Config)).onModuleInit();

    await start(k1);
    await start(k1);
    await start(k2, k1);
    await expect(start(k2)).rejects.toThrow(/ENCRYPTION_KEYS does not hold the key/);
    await expect(start(stranger)).rejects.toThrow(/ENCRYPTION_KEYS does not hold the key/);
    await source.destroy();
  });
});

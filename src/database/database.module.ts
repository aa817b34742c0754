import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Secret } from '../common/secret.js';
import { dataSourceOptions } from './data-source-options.js';
import { FieldCipher } from './field-cipher.js';
import { KeyCheck } from './key-check.js';
import { SettingEntity } from './setting.entity.js';

/** The connection to PostgreSQL and the encryption of fields. Rooms bring their own entities. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(databaseUrl: Secret): DynamicModule {
    const connection = { ...dataSourceOptions(databaseUrl), autoLoadEntities: true, retryAttempts: 3, retryDelay: 500 };
    return {
      module: DatabaseModule,
      imports: [TypeOrmModule.forRoot(connection), TypeOrmModule.forFeature([SettingEntity])],
      providers: [FieldCipher, KeyCheck],
      exports: [FieldCipher],
    };
  }
}

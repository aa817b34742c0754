import type { DataSourceOptions } from 'typeorm';
import type { Secret } from '../common/secret.js';

const POOL_SIZE = 20;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** Connection settings that the application and the migrations share. The schema is changed by migrations only. */
export function dataSourceOptions(databaseUrl: Secret): DataSourceOptions & { type: 'postgres' } {
  return {
    type: 'postgres',
    url: databaseUrl.reveal(),
    synchronize: false,
    migrationsRun: false,
    applicationName: 'gatehouse',
    poolSize: POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: { statement_timeout: STATEMENT_TIMEOUT_MS, keepAlive: true },
  };
}

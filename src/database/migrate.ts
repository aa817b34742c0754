import pg from 'pg';
import { DataSource } from 'typeorm';
import { ALL_MIGRATIONS } from '../../migrations/all-migrations.js';
import type { Secret } from '../common/secret.js';
import { dataSourceOptions } from './data-source-options.js';
import { explainConnectionError } from './explain-connection-error.js';

/** Any number that no other program takes as an advisory lock in the same database. */
const MIGRATION_LOCK = 727_001;
const CONNECT_TIMEOUT_MS = 5_000;
const OLDEST_SERVER = 140_000;

/**
 * Brings the database up to date and returns the names of the migrations that ran. TypeORM takes no lock around
 * migrations, so replicas that start together wait for one another on an advisory lock.
 * @throws DatabaseUnavailableError with one line that says what to do.
 */
export async function migrateLocked(databaseUrl: Secret): Promise<string[]> {
  const lock = new pg.Client({
    connectionString: databaseUrl.reveal(),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'gatehouse-migrate',
  });
  // A connection that breaks also rejects the query that runs; without a listener it would end the process as well.
  lock.on('error', () => undefined);
  try {
    await lock.connect();
    await refuseOldServer(lock);
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await runMigrations(databaseUrl);
  } catch (error) {
    throw explainConnectionError(error, databaseUrl);
  } finally {
    await lock.end();
  }
}

async function runMigrations(databaseUrl: Secret): Promise<string[]> {
  const source = new DataSource({ ...dataSourceOptions(databaseUrl), poolSize: 2, migrations: [...ALL_MIGRATIONS] });
  await source.initialize();
  try {
    const done = await source.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
  if (Number(rows[0]?.server_version_num) < OLDEST_SERVER) throw new UnsupportedServerError();
}

/** PostgreSQL is older than what the gateway supports. */
export class UnsupportedServerError extends Error {
  readonly code = 'GATEHOUSE_OLD_SERVER';
}

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { systemCodeOf } from '../common/gatehouse-error.js';
import type { Secret } from '../common/secret.js';
import { DatabaseUnavailableError } from './database-unavailable-error.js';
import { explainConnectionError } from './explain-connection-error.js';

const NAME = 'installation-id';
const CONNECT_TIMEOUT_MS = 5_000;
/** SQLSTATE of a table that does not exist. */
const UNDEFINED_TABLE = '42P01';

/**
 * What tells this installation from others that share its Redis; the same for all replicas. Made at the first start.
 * @throws DatabaseUnavailableError with one line that says what to do
 */
export async function installationId(databaseUrl: Secret): Promise<string> {
  const client = new pg.Client({
    connectionString: databaseUrl.reveal(),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'gatehouse-start',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Of processes that start together one makes it; the update that changes nothing has all of them read it.
    const { rows } = await client.query<{ value: string }>(
      `INSERT INTO gatehouse_settings (name, value) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING value`,
      [NAME, randomUUID()],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the database took no installation id');
    return row.value;
  } catch (error) {
    if (systemCodeOf(error) === UNDEFINED_TABLE) throw notMigrated(error);
    throw explainConnectionError(error, databaseUrl);
  } finally {
    await client.end();
  }
}

/** The tables of this version are not there. */
export function notMigrated(cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError(
    'The database is not set up for this version: run "npm run migrate", or leave MIGRATIONS_RUN unset.',
    { cause },
  );
}

import type { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { migrateLocked } from './migrate.js';

/** The database of this process, ready to use. */
export interface OpenDatabase {
  readonly url: Secret;
  /** Where the embedded cluster lives; null for a database of the operator's. */
  readonly directory: string | null;
  /** Stops the embedded server; does nothing to another one. */
  close(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL unless DATABASE_URL names another one, and migrates it unless a separate job does.
 * @throws DatabaseUnavailableError with one line that says what to do.
 */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  const database = config.databaseUrl === null ? await openEmbedded(config.dataDir) : external(config.databaseUrl);
  try {
    if (config.runMigrations) await migrateLocked(database.url);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openEmbedded(dataDir: string): Promise<OpenDatabase> {
  const server = await startEmbeddedPostgres(dataDir);
  return { url: server.url, directory: server.directory, close: () => server.stop() };
}

function external(url: Secret): OpenDatabase {
  return { url, directory: null, close: async () => {} };
}

import { messageOf } from './common/gatehouse-error.js';
import { ConfigurationError } from './config/configuration-error.js';
import { loadConfig } from './config/load-config.js';
import { migrateLocked } from './database/migrate.js';
import { openDatabase } from './database/open-database.js';

/** sysexits.h: configuration error. */
const EXIT_CONFIGURATION = 78;
const EXIT_FAILURE = 1;

/** `npm run migrate`: brings the database up to date and ends. For installations that set MIGRATIONS_RUN=false. */
async function migrate(): Promise<void> {
  const database = await openDatabase({ ...loadConfig(process.env), runMigrations: false });
  try {
    const names = await migrateLocked(database.url);
    const lines = names.length === 0 ? ['The database is up to date.'] : names.map((name) => `migrated: ${name}`);
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await database.close();
  }
}

migrate().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : EXIT_FAILURE;
});

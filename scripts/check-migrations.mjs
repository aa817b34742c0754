/**
 * `npm run check:migrations`: the migrations make exactly the schema that the entities describe, all of them are listed
 * in order, and each can be undone. Runs the built files on a PostgreSQL that is thrown away.
 */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataSource } from 'typeorm';
import { ALL_MIGRATIONS } from '../dist/migrations/all-migrations.js';
import { dataSourceOptions } from '../dist/src/database/data-source-options.js';
import { startEmbeddedPostgres } from '../dist/src/database/embedded-postgres.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** TypeORM's own list of what ran. */
const LEDGER = 'migrations';

/** Faults of the list: a file that is not in it would never run, one in the wrong place would run too early. */
function faultsOfList() {
  const stamps = readdirSync(join(root, 'migrations')).flatMap((name) => /^(\d+)-.*\.ts$/.exec(name)?.[1] ?? []);
  const listed = ALL_MIGRATIONS.map((migration) => /\d+$/.exec(migration.name)?.[0]);
  if (stamps.sort().join() === listed.join()) return [];
  return [`all-migrations.ts lists ${listed.join(', ')} but the directory holds ${stamps.join(', ')}`];
}

/** Classes of every built entity whose source still exists; the build leaves files of deleted sources behind. */
async function entities() {
  const files = readdirSync(join(root, 'dist/src'), { recursive: true }).filter((name) => name.endsWith('.entity.js'));
  const current = files.filter((name) => existsSync(join(root, 'src', name.replace(/\.js$/, '.ts'))));
  const modules = await Promise.all(current.map((name) => import(join(root, 'dist/src', name))));
  return modules.flatMap((module) => Object.values(module).filter((exported) => typeof exported === 'function'));
}

async function faultsOfUndoing(source) {
  for (const migration of ALL_MIGRATIONS.toReversed()) {
    await source.undoLastMigration({ transaction: 'each' }).catch((cause) => {
      throw new Error(`${migration.name} cannot be undone`, { cause });
    });
  }
  const rows = await source.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1 ORDER BY 1`,
    [LEDGER],
  );
  return rows.map(({ tablename }) => `undoing all migrations leaves the table ${tablename}`);
}

async function faultsOfSchema(source) {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => `the entities need: ${query}`);
}

async function check(url) {
  const source = new DataSource({
    ...dataSourceOptions(url),
    migrations: [...ALL_MIGRATIONS],
    entities: await entities(),
  });
  await source.initialize();
  try {
    await source.runMigrations({ transaction: 'each' });
    const undoing = await faultsOfUndoing(source);
    await source.runMigrations({ transaction: 'each' });
    return [...faultsOfList(), ...undoing, ...(await faultsOfSchema(source))];
  } finally {
    await source.destroy();
  }
}

const server = await startEmbeddedPostgres(mkdtempSync(join(tmpdir(), 'gatehouse-migrations-')), { ephemeral: true });
try {
  const faults = await check(server.url);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(`${ALL_MIGRATIONS.length} migrations: complete, reversible, and equal to the entities`);
} finally {
  await server.stop();
}

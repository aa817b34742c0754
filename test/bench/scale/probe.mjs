// Runs the built gateway in this process and measures inside of it, since a decision takes less than a clock tick of
// the outside. Usage: probe.mjs <data directory>, with --expose-gc
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../../../dist/src/gateway.js';
import { loadConfig } from '../../../dist/src/config/load-config.js';
import { openDatabase } from '../../../dist/src/database/open-database.js';
import { CatalogService } from '../../../dist/src/catalog/catalog.service.js';
import { watchLoad } from './load-watch.mjs';
import { Decisions } from './decisions.mjs';

const LISTS_AT_ONCE = 16;
const MIB = 2 ** 20;
const nothing = () => undefined;
const SILENT = { log: nothing, warn: nothing, error: console.error };

process.on('disconnect', () => process.exit(0));
measure(process.argv[2]).then(
  (figures) => process.send({ figures }),
  (error) => process.send({ failure: error.stack }),
);

async function measure(directory) {
  const config = loadConfig({ DATA_DIR: directory, HOST: '127.0.0.1', PORT: '0' });
  const database = await openDatabase(config);
  const load = watchLoad(Number.parseInt(readFileSync(join(directory, 'pg', 'postmaster.pid'), 'utf8'), 10));
  const gateway = await startGateway(config, database.url, { logger: SILENT });
  try {
    return { ...load.figures(), decisions: await decisionsOf(gateway.app, database) };
  } finally {
    await gateway.close();
    await database.close();
  }
}

async function decisionsOf(app, database) {
  await listTools(app);
  const decisions = new Decisions(app, database.url.reveal());
  const figures = await decisions.measure();
  const before = heapMiB();
  decisions.useEveryKey();
  return { ...figures, heapOfDecisionsMiB: heapMiB() - before };
}

function heapMiB() {
  globalThis.gc();
  return process.memoryUsage().heapUsed / MIB;
}

/** Asks every upstream for its tools, as the first lists would. */
async function listTools(app) {
  const catalog = app.get(CatalogService, { strict: false });
  const { servers } = catalog.registry.current;
  const queue = [...servers];
  const worker = async () => {
    for (let server = queue.pop(); server !== undefined; server = queue.pop()) {
      const { fetchedAt } = await catalog.load(server);
      if (fetchedAt === 0) throw new Error(`server ${server.name} could not be listed`);
    }
  };
  await Promise.all(Array.from({ length: LISTS_AT_ONCE }, worker));
}

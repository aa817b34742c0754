import pg from 'pg';
import { loadConfig } from '../../../dist/src/config/load-config.js';
import { openDatabase } from '../../../dist/src/database/open-database.js';

/**
 * Joins the embedded database of a gateway, and keeps it running while that one is stopped and started again.
 * @param {string} directory the gateway's data directory
 */
export async function joinDatabase(directory) {
  const database = await openDatabase(loadConfig({ DATA_DIR: directory }));
  return {
    close: () => database.close(),
    /** Runs `use` with a connection. */
    async connect(use) {
      const client = new pg.Client({ connectionString: database.url.reveal() });
      await client.connect();
      try {
        return await use(client);
      } finally {
        await client.end();
      }
    },
  };
}

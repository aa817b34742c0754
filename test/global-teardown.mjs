/** What an orderly end needs at most: connections that close, a last write. */
const ORDERLY_EXIT_MS = 15_000;

/**
 * Stops what the global set-up started. A suite whose set-up failed may have left a server running; Jest would wait
 * for it for ever, where a machine needs the failure. Leaving something open is a failure of its own.
 */
export default async function globalTeardown() {
  await globalThis.embeddedPostgres?.stop();
  setTimeout(() => {
    process.stderr.write('A suite left something open, so the run is ended by force and counts as failed.\n');
    process.exit(1);
  }, ORDERLY_EXIT_MS).unref();
}

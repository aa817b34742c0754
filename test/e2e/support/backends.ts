import { createTestDatabase, type TestDatabase } from '../../fixtures/test-database.js';

/** One combination of services that the gateway can run on. */
export interface Backend {
  readonly name: string;
  readonly redisUrl: string | null;
  createDatabase(): Promise<TestDatabase>;
}

/**
 * The embedded default is always there; a PostgreSQL and a Redis of the machine are used as well when the global set-up
 * found both.
 */
export function availableBackends(): Backend[] {
  const { GATEHOUSE_TEST_EMBEDDED_URL, GATEHOUSE_TEST_POSTGRES_URL, GATEHOUSE_TEST_REDIS_URL } = process.env;
  if (GATEHOUSE_TEST_EMBEDDED_URL === undefined) throw new Error('the global set-up did not start PostgreSQL');
  const embedded = backend('embedded PostgreSQL', GATEHOUSE_TEST_EMBEDDED_URL, null);
  if (GATEHOUSE_TEST_POSTGRES_URL === undefined || GATEHOUSE_TEST_REDIS_URL === undefined) return [embedded];
  return [embedded, backend('PostgreSQL and Redis', GATEHOUSE_TEST_POSTGRES_URL, GATEHOUSE_TEST_REDIS_URL)];
}

function backend(name: string, serverUrl: string, redisUrl: string | null): Backend {
  return { name, redisUrl, createDatabase: () => createTestDatabase(serverUrl) };
}

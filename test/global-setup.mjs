import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../dist/src/database/embedded-postgres.js';

/** Settings of the machine that must not reach the gateways under test. */
const HERMETIC = ['DATABASE_URL', 'REDIS_URL', 'MASTER_KEY', 'ENCRYPTION_KEYS', 'CONFIG_FILE', 'GUARDRAIL_MODULES'];
const LOCAL_POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';
const LOCAL_REDIS = 'redis://127.0.0.1:6379';

/**
 * Starts one throw-away PostgreSQL for the whole run, and finds out whether a PostgreSQL and a Redis of the machine can
 * be used as well: named in DATABASE_URL and REDIS_URL, or on their usual loopback ports.
 */
export default async function globalSetup() {
  const postgresUrl = process.env.DATABASE_URL ?? LOCAL_POSTGRES;
  const redisUrl = process.env.REDIS_URL ?? LOCAL_REDIS;
  for (const name of HERMETIC) delete process.env[name];
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-jest-'));
  globalThis.embeddedPostgres = await startEmbeddedPostgres(directory, { ephemeral: true });
  process.env.GATEHOUSE_TEST_EMBEDDED_URL = globalThis.embeddedPostgres.url.reveal();
  if (await answersPostgres(postgresUrl)) process.env.GATEHOUSE_TEST_POSTGRES_URL = postgresUrl;
  if (await answersPing(redisUrl)) process.env.GATEHOUSE_TEST_REDIS_URL = redisUrl;
}

async function answersPostgres(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
    );
    return rows[0]?.may === true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function answersPing(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port: Number(port || 6379) });
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(String(data).startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

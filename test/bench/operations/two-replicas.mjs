// Two built gateways on one database of their own, for measurements of what replicas do together.
// DATABASE_URL names the PostgreSQL server (default: 127.0.0.1), REDIS_URL the Redis; without it there is none.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { track } from '../children.mjs';

const MAIN = fileURLToPath(new URL('../../../dist/src/main.js', import.meta.url));
const READY = /Gatehouse is ready at (http:\/\/[^\s]+)/;
const SERVER = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Two replicas, ready. */
export async function startReplicas() {
  const name = `gatehouse_ops_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(SERVER), { pathname: `/${name}` }).href;
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-ops-'));
  const masterKey = `sk-${randomBytes(24).toString('hex')}`;
  const settings = {
    ...{ DATABASE_URL: url, DATA_DIR: directory, PORT: '0', OUTBOUND_ALLOW: '127.0.0.0/8', LOG_LEVEL: 'error' },
    ...{ MASTER_KEY: masterKey, ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}` },
    ...(process.env.REDIS_URL !== undefined && { REDIS_URL: process.env.REDIS_URL }),
  };
  const replicas = [await start(settings), await start(settings)];
  return {
    urls: replicas.map((replica) => replica.url),
    masterKey,
    databaseUrl: url,
    async close() {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Sends a management request; throws with the answer unless it succeeded. */
export async function manage(url, masterKey, method, path, body) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function start(settings) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH, HOME, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  track(child);
  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const found = READY.exec(output);
      if (found !== null) resolve(found[1]);
    });
    child.once('exit', () => reject(new Error(output)));
  });
  return {
    url,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function onServer(statement) {
  const client = new pg.Client({ connectionString: SERVER });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

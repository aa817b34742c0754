import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';

let parent: string;
/** Made by the first test and used again: a new cluster takes a second. */
let dataDir: string;
let running: EmbeddedPostgres[] = [];

beforeAll(() => {
  // 0700: as with a project below /root, nobody but the owner can walk to the data directory.
  parent = mkdtempSync(join(tmpdir(), 'gatehouse-embedded-'));
  dataDir = join(parent, 'data');
});

afterEach(async () => {
  for (const server of running) if (await answers(server)) await server.stop();
  running = [];
});

afterAll(() => rmSync(parent, { recursive: true, force: true }));

async function start(directory = dataDir): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(directory);
  running.push(server);
  return server;
}

async function query(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: server.url.reveal() });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function answers(server: EmbeddedPostgres): Promise<boolean> {
  return query(server, 'SELECT 1').then(
    () => true,
    () => false,
  );
}

/** What `kill -9` of the gateway does to its share in the server. */
async function killOwner(server: EmbeddedPostgres): Promise<void> {
  await query(
    server,
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'gatehouse lease'`,
  );
}

function leavePidFile(pid: number, port: string): void {
  writeFileSync(join(dataDir, 'pg', 'postmaster.pid'), `${pid}\n/elsewhere\n1\n${port}\n\n127.0.0.1\n`);
}

describe('the embedded PostgreSQL', () => {
  it('keeps its data, and lets in nobody without its password', async () => {
    const first = await start();
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const stranger = new URL(first.url.reveal());
    stranger.password = 'wrong';
    const intruder = new Client({ connectionString: stranger.href });
    await expect(intruder.connect()).rejects.toMatchObject({ code: '28P01' });
    await first.stop();
    expect(await answers(first)).toBe(false);

    const second = await start();
    expect(second.attached).toBe(false);
    expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    for (const path of [dataDir, second.directory, join(second.directory, 'gatehouse.password')]) {
      expect(statSync(path).mode & 0o077).toBe(0);
    }
  });

  it('is one server for two gateways that start at once, until the last one leaves', async () => {
    const fresh = join(parent, 'fresh');
    const [one, two] = await Promise.all([start(fresh), start(fresh)]);
    expect([one.attached, two.attached].filter(Boolean)).toHaveLength(1);
    expect(new URL(one.url.reveal()).port).toBe(new URL(two.url.reveal()).port);
    await (one.attached ? two : one).stop();
    expect(await answers(one)).toBe(true);
    await (one.attached ? one : two).stop();
    expect(await answers(one)).toBe(false);
  });

  it('is stopped by the last of two gateways that leave at once', async () => {
    const [one, two] = [await start(), await start()];
    await Promise.all([one.stop(), two.stop()]);
    expect(await answers(one)).toBe(false);
    expect(existsSync(join(dataDir, 'pg', 'postmaster.pid'))).toBe(false);
  });

  it('is taken over from a gateway that was killed, and then stopped with its heir', async () => {
    const killed = await start();
    await killOwner(killed);
    const heir = await start();
    expect(heir.attached).toBe(true);
    await heir.stop();
    expect(await answers(heir)).toBe(false);
    await killed.stop();
  });

  it('starts although another process has the id of its last run', async () => {
    const first = await start();
    await first.stop();
    // Of the server's own user: PostgreSQL itself sees through any other process.
    const { uid, gid } = statSync(first.directory);
    const other = spawn('sleep', ['60'], { cwd: '/', ...(process.getuid?.() === 0 ? { uid, gid } : {}) });
    leavePidFile(other.pid ?? 0, '1');
    const second = await start();
    expect(second.attached).toBe(false);
    await second.stop();
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('does not take another server on the port of its last run for itself, not even one that lets in everybody', async () => {
    const stranger = await start(join(parent, 'stranger'));
    writeFileSync(join(stranger.directory, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n');
    await query(stranger, 'SELECT pg_reload_conf()');
    const first = await start();
    await first.stop();
    const { port } = new URL(stranger.url.reveal());
    leavePidFile(process.pid, port);
    const second = await start();
    expect(second.attached).toBe(false);
    expect(new URL(second.url.reveal()).port).not.toBe(port);
    await second.stop();
    expect(await answers(stranger)).toBe(true);
  });

  it('logs no statement', async () => {
    const server = await start();
    await expect(query(server, `SELECT 'canary' FROM no_such_table`)).rejects.toThrow('no_such_table');
    expect(readFileSync(join(dataDir, 'pg.log'), 'utf8')).not.toContain('canary');
  });

  it('refuses a directory that holds something else, and leaves it alone', async () => {
    const strange = join(parent, 'strange');
    const file = join(strange, 'pg', 'precious');
    mkdirSync(join(strange, 'pg'), { recursive: true });
    writeFileSync(file, 'data');
    await expect(start(strange)).rejects.toThrow(/directory pg in DATA_DIR.*not made by Gatehouse.*set DATA_DIR/);
    expect(readFileSync(file, 'utf8')).toBe('data');
  });

  it('removes what it made for a test', async () => {
    const directory = join(parent, 'ephemeral');
    const server = await startEmbeddedPostgres(directory, { ephemeral: true, database: 'other' });
    expect(await query(server, 'SELECT current_database() AS name')).toEqual([{ name: 'other' }]);
    await server.stop();
    expect(existsSync(directory)).toBe(false);
  });
});

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../../fixtures/test-database.js';
import { availableBackends } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';

describe.each(availableBackends())('audit:verify on $name', (backend) => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-verify-'));
  const secrets = {
    MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  let database: TestDatabase;
  let gateway: GatewayProcess;
  let head: string;

  beforeAll(async () => {
    database = await backend.createDatabase();
    gateway = await GatewayProcess.start(directory, {
      ...{ DATABASE_URL: database.url, ...secrets },
      ...(backend.redisUrl !== null && { REDIS_URL: backend.redisUrl }),
    });
  });

  afterAll(async () => {
    await gateway.stop();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function sql<Row extends pg.QueryResultRow>(query: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return client
      .query<Row>(query)
      .then(
        ({ rows }) => rows,
        (error: unknown) => Promise.reject(error),
      )
      .finally(() => client.end());
  }

  function verify(...args: string[]): Promise<{ code: number; output: string }> {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATA_DIR: directory, DATABASE_URL: database.url, ...secrets };
    return new Promise((done) => {
      execFile(process.execPath, [resolve('dist/src/audit-verify.js'), ...args], { env }, (error, stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
      });
    });
  }

  it('finds nothing, and names the newest head, after the gateway has signed by itself', async () => {
    const made = await gateway.admin('POST', '/key/generate', { key_alias: 'signed' });
    expect(made.status).toBe(200);
    while ((await sql('SELECT FROM audit_heads')).length === 0) await pause(200);
    const { code, output } = await verify();
    expect(code).toBe(0);
    expect(output).toContain('Nothing was changed, removed, added or reordered.');
    head = /newest head: (\d+:[0-9a-f]{64})/.exec(output)?.[1] ?? '';
    expect((await verify('--head', head)).code).toBe(0);
  });

  it('ends with 2 when something was changed', async () => {
    await sql(
      `BEGIN; SET LOCAL session_replication_role = 'replica'; UPDATE write_records SET actor = 'nobody'; COMMIT`,
    );
    const { code, output } = await verify('--head', head);
    expect(code).toBe(2);
    expect(output).toMatch(/FOUND {2}chain writes: link 1/);
    expect(output).toContain('The audit is NOT intact.');
  });

  it.each([['--head'], ['--head', '1:short'], ['now']])('ends with 64 for wrong arguments: %s', async (...args) => {
    expect((await verify(...args)).code).toBe(64);
  });
});

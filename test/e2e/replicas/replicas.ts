import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { TestDatabase } from '../../fixtures/test-database.js';
import type { Backend } from '../support/backends.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { http, type HttpAnswer } from '../support/http.js';
import { registerServer } from '../support/management.js';

/** Time within which a change must be in force on every replica. */
const IN_FORCE_MS = 2000;
const PROBE_PAUSE_MS = 10;
const ACCEPT = 'application/json, text/event-stream';

type Variables = Readonly<Record<string, string>>;

/** Two gateways as processes of their own on one database, with an upstream server `up`. */
export class Replicas {
  private constructor(
    readonly a: GatewayProcess,
    readonly b: GatewayProcess,
    readonly upstream: RecordingHttpUpstream,
    private readonly database: TestDatabase,
    private readonly directory: string,
  ) {}

  /** @param own further variables of the one and the other */
  static async start(
    { createDatabase, redisUrl }: Backend,
    [ofA, ofB]: readonly [Variables, Variables] = [{}, {}],
  ): Promise<Replicas> {
    const database = await createDatabase();
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-replicas-'));
    const upstream = await RecordingHttpUpstream.start({ era: '2025' });
    const environment = {
      DATABASE_URL: database.url,
      MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      ...(redisUrl !== null && { REDIS_URL: redisUrl }),
    };
    const a = await GatewayProcess.start(join(directory, 'a'), { ...environment, ...ofA });
    const b = await GatewayProcess.start(join(directory, 'b'), { ...environment, ...ofB });
    const replicas = new Replicas(a, b, upstream, database, directory);
    await registerServer(a, { alias: 'up', url: upstream.url });
    await within(async () => (await replicas.toolsOnB(b.masterKey)).length > 0);
    return replicas;
  }

  async close(): Promise<void> {
    await Promise.all([this.a.stop(), this.b.stop()]);
    await this.upstream.close();
    await this.database.drop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Status of a harmless request on B. */
  async statusOnB(key: string): Promise<number> {
    return (await this.rpcOnB(key, { id: 1, method: 'ping' })).status;
  }

  /** Resolves when B lets this key in; rejects when that takes too long. */
  acceptedOnB(key: string): Promise<void> {
    return within(async () => (await this.statusOnB(key)) === 200);
  }

  /** Resolves when B refuses this key; rejects when that takes too long. */
  refusedOnB(key: string): Promise<void> {
    return within(async () => (await this.statusOnB(key)) === 401);
  }

  /** Names that `tools/list` gives on B. */
  async toolsOnB(key: string): Promise<string[]> {
    const { json } = await this.rpcOnB(key, { id: 1, method: 'tools/list' });
    return (json as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name);
  }

  /** Sends one JSON-RPC message to B, as a 2025 client. */
  rpcOnB(key: string, message: object, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return http(`${this.b.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, accept: ACCEPT, ...headers },
      body: { jsonrpc: '2.0', ...message },
    });
  }

  /** Runs SQL that nobody is told of. */
  async sql<Row extends pg.QueryResultRow>(query: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.database.url });
    await client.connect();
    try {
      return (await client.query<Row>(query, parameters)).rows;
    } finally {
      await client.end();
    }
  }
}

/** Asks until it is so. Rejects when it is not so in time. */
export async function within(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + IN_FORCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it is not so after ${IN_FORCE_MS} ms`);
    await delay(PROBE_PAUSE_MS);
  }
}

/** What the promise resolves with. Rejects when that takes too long. */
export async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = delay(IN_FORCE_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`it did not happen within ${IN_FORCE_MS} ms`);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    late.abort();
    await timeout.catch(() => undefined);
  }
}

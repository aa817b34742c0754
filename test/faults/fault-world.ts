import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { http } from '../e2e/support/http.js';
import { manage } from '../e2e/support/identities.js';
import { makeKey, registerServer } from '../e2e/support/management.js';
import { JitteryUpstream } from '../fixtures/upstreams/jittery-upstream.js';
import { Balancer } from './balancer.js';
import { FORM } from './form.js';
import type { Arrival, Fault, History, Outcome, WriteEntry } from './history.js';
import { Load, type MadeKey } from './load.js';
import { Replica } from './replica.js';
import { startPostgres, startRedis, type FaultyService } from './services.js';

const STEADY = 6;
/** Load before the first fault. */
const CALM_MS = 1_000;
/** Load after the last fault, besides its grace time. */
const AFTER_MS = 1_500;
const RECORDED_WITHIN_MS = 5_000;
const KNOWN_WITHIN_MS = 2_000;

/** What a fault does to callers; missing members: nothing at all. */
export interface Harm {
  readonly tolerates?: readonly Outcome[];
  readonly graceMs?: number;
  readonly forgetsMs?: number;
}

/** Two built gateways behind a balancer, on a PostgreSQL and a Redis of their own, and upstreams that remember. */
export class FaultWorld {
  readonly replicas: Replica[] = [];
  readonly #arrivals: Arrival[] = [];
  #faults: Fault[] = [];
  #longMs = 800;
  #runs = 0;
  #balancer!: Balancer;
  readonly #steady = new Map<string, string>();
  #toggled = '';

  private constructor(
    private readonly directory: string,
    private readonly environment: Record<string, string>,
    readonly postgres: FaultyService,
    readonly redis: FaultyService | null,
    private readonly upstreams: readonly JitteryUpstream[],
  ) {}

  static async start(): Promise<FaultWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-faults-'));
    const [postgres, redis] = await Promise.all([startPostgres(directory), startRedis(directory)]);
    const upstreams = await Promise.all((['2025', '2026', '2026'] as const).map((era) => JitteryUpstream.start(era)));
    const environment = {
      DATABASE_URL: postgres.url,
      ...(redis !== null && { REDIS_URL: redis.url }),
      MASTER_KEY: `sk-${randomBytes(24).toString('hex')}`,
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      OUTBOUND_ALLOW: '127.0.0.0/8',
      SHUTDOWN_DELAY_SECONDS: '1',
    };
    const world = new FaultWorld(directory, environment, postgres, redis, upstreams);
    await world.#open();
    return world;
  }

  /** Runs the faults under load and returns what was observed. */
  async run(faults: () => Promise<void>, longMs = 800): Promise<History> {
    this.#faults = [];
    this.#arrivals.length = 0;
    this.#longMs = longMs;
    const load = this.#load();
    load.start();
    await pause(CALM_MS);
    await faults();
    await pause(Math.max(0, ...this.#faults.map(({ graceMs }) => graceMs)) + AFTER_MS);
    await load.stop();
    return this.#history(load);
  }

  /** Does something bad and notes it. */
  async inflict(kind: string, harm: Harm, act: () => Promise<unknown>): Promise<void> {
    const from = performance.now();
    await act();
    const { tolerates = [], graceMs = 0, forgetsMs = 0 } = harm;
    this.#faults.push({ kind, from, healedAt: performance.now(), tolerates, graceMs, forgetsMs });
  }

  /** Blocks a key at the first replica; resolves with the time from the answer until every replica refuses it. */
  async revoke(): Promise<number> {
    const [first] = this.replicas;
    if (first === undefined) throw new Error('no replica');
    const key = await makeKey(first.process, {});
    await this.#know([key]);
    await manage(first.process, '/key/block', { key });
    const answeredAt = performance.now();
    while ((await this.#acceptedBy(key)) > 0) await pause(5);
    return performance.now() - answeredAt;
  }

  async close(): Promise<void> {
    await this.#balancer.close();
    await Promise.all(this.replicas.map((replica) => replica.stop('SIGTERM')));
    await Promise.all(this.upstreams.map((upstream) => upstream.close()));
    for (const service of [this.redis, this.postgres]) {
      await service?.proxy.close();
      await service?.stop();
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #open(): Promise<void> {
    for (const name of ['a', 'b']) {
      this.replicas.push(await Replica.start(join(this.directory, name), this.environment));
    }
    this.#balancer = await Balancer.before(() => this.replicas.map(({ process }) => process.url));
    const [first] = this.replicas;
    if (first === undefined) throw new Error('no replica');
    for (const [index, alias] of ['old', 'new', 'vault'].entries()) {
      await registerServer(first.process, { alias, url: this.upstreams[index]?.url });
    }
    for (const upstream of this.upstreams) {
      upstream.onArrival = (nonce) => this.#arrivals.push({ nonce, at: performance.now() });
    }
    const grants = { mcp_servers: ['old', 'new'] };
    for (let i = 0; i < STEADY; i++) this.#steady.set(`steady-${i}`, await makeKey(first.process, grants));
    this.#toggled = await makeKey(first.process, grants);
    await this.#know([...this.#steady.values(), this.#toggled]);
  }

  #load(): Load {
    this.#runs += 1;
    return new Load(`run${this.#runs}`, {
      url: this.#balancer.url,
      adminKey: this.environment['MASTER_KEY'] ?? '',
      steady: this.#steady,
      toggled: this.#toggled,
      granted: ['old', 'new'],
      forbidden: 'vault',
      callsPerSecond: FORM.callsPerSecond,
      longMs: this.#longMs,
    });
  }

  /** Resolves when every replica lets these keys in. */
  async #know(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      while ((await this.#acceptedBy(key)) < this.replicas.length) await pause(20);
    }
  }

  async #acceptedBy(key: string): Promise<number> {
    const answers = this.replicas.map(({ process }) =>
      http(`${process.url}/mcp`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' },
        body: { jsonrpc: '2.0', id: 1, method: 'ping' },
      }).then(({ status }) => status === 200),
    );
    return (await Promise.all(answers)).filter(Boolean).length;
  }

  async #history({ calls, changes, writes }: Load): Promise<History> {
    const arrivals = [...this.#arrivals];
    return {
      ...{ calls, changes, arrivals, faults: this.#faults },
      records: await this.#records(arrivals),
      writes: await this.#outcomeOf(writes),
      foreignCalls: this.upstreams.reduce((sum, { foreignCalls }) => sum + foreignCalls, 0),
      unexpectedExits: this.replicas.flatMap(({ unexpectedExits }) => unexpectedExits),
    };
  }

  /** Records are written in batches; those that are missing after a while are missing. */
  async #records(arrivals: readonly Arrival[]): Promise<Map<string, number>> {
    const prefix = `run${this.#runs}-%`;
    const deadline = performance.now() + RECORDED_WITHIN_MS;
    for (;;) {
      const rows = await this.#sql<{ nonce: string; count: number }>(
        'SELECT request_id AS nonce, count(*)::int AS count FROM audit_records WHERE request_id LIKE $1 GROUP BY 1',
        [prefix],
      );
      const records = new Map(rows.map(({ nonce, count }) => [nonce, count]));
      const complete = arrivals.every(({ nonce }) => records.has(nonce));
      if (complete || performance.now() > deadline) return records;
      await pause(100);
    }
  }

  async #outcomeOf(writes: readonly MadeKey[]): Promise<WriteEntry[]> {
    const names = [writes.map(({ name }) => name)];
    const stored = await this.#names('SELECT key_alias AS name FROM virtual_keys WHERE key_alias = ANY($1)', names);
    const recorded = await this.#names(
      'SELECT object_name AS name FROM write_records WHERE object_name = ANY($1)',
      names,
    );
    return Promise.all(
      writes.map(async ({ name, key }) => ({
        ...{ name, acknowledged: key !== null, stored: stored.has(name), recorded: recorded.has(name) },
        ...(key === null
          ? { accepted: 0, asked: 0 }
          : { accepted: await this.#knownBy(key), asked: this.replicas.length }),
      })),
    );
  }

  async #knownBy(key: string): Promise<number> {
    const deadline = performance.now() + KNOWN_WITHIN_MS;
    let accepted = await this.#acceptedBy(key);
    while (accepted < this.replicas.length && performance.now() < deadline) {
      await pause(50);
      accepted = await this.#acceptedBy(key);
    }
    return accepted;
  }

  async #names(query: string, parameters: unknown[]): Promise<Set<string>> {
    return new Set((await this.#sql<{ name: string }>(query, parameters)).map(({ name }) => name));
  }

  async #sql<Row extends pg.QueryResultRow>(query: string, parameters: unknown[]): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.postgres.url });
    await client.connect();
    try {
      return (await client.query<Row>(query, parameters)).rows;
    } finally {
      await client.end();
    }
  }
}

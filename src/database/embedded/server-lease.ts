import { Client, DatabaseError } from 'pg';
import type { Cluster } from './cluster.js';

/** Advisory lock of the embedded server, in its database `postgres`. */
const LEASE_LOCK = 727_002;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * One gateway's share in a running embedded server: a session that holds a shared advisory lock. Whoever lets go last
 * stops the server. The lock dies with its session and the session with its process, even under `kill -9`, so nobody
 * has to judge from a noted process id whether an earlier owner still lives.
 */
export class ServerLease {
  private isLost = false;

  private constructor(private readonly client: Client) {
    client.once('end', () => (this.isLost = true));
  }

  /** True when the session ended, because the server did or because somebody cut it. */
  get lost(): boolean {
    return this.isLost;
  }

  /**
   * Joins the server on a port. Null when another gateway is about to stop it, or when it is the server of another
   * cluster: ports are reused, and a stranger that trusts local clients accepts any password.
   * @throws the error of `pg` when there is no server
   */
  static async join(cluster: Cluster, port: number): Promise<ServerLease | null> {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: cluster.password.reveal(),
      database: 'postgres',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'gatehouse lease',
    });
    // A server that dies is noticed by the pools, which report it; this session has nothing to add.
    client.on('error', () => undefined);
    await client.connect();
    const joined = (await nameOf(client)) === cluster.name && (await lock(client, 'pg_try_advisory_lock_shared'));
    if (joined) return new ServerLease(client);
    await client.end();
    return null;
  }

  /** Creates the database unless it exists. */
  async ensureDatabase(name: string): Promise<void> {
    const { rowCount } = await this.client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    try {
      await this.client.query(`CREATE DATABASE ${this.client.escapeIdentifier(name)}`);
    } catch (thrown) {
      const code = thrown instanceof DatabaseError ? thrown.code : undefined;
      // Two starts at once: 42P04 duplicate_database, 23505 the same seen by the catalogue's index.
      if (code !== '42P04' && code !== '23505') throw thrown;
    }
  }

  /**
   * Lets go. True when this was the last share, and then nobody can join any more: the caller stops the server.
   * The own share is given back first; with both kept, two gateways that leave at once would each see the other.
   */
  async release(): Promise<boolean> {
    await this.client.query('SELECT pg_advisory_unlock_shared($1)', [LEASE_LOCK]);
    const last = await lock(this.client, 'pg_try_advisory_lock');
    if (!last) await this.client.end();
    return last;
  }
}

async function nameOf(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ cluster_name: string }>('SHOW cluster_name');
  return rows[0]?.cluster_name;
}

async function lock(client: Client, way: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT ${way}($1) AS locked`, [LEASE_LOCK]);
  return rows[0]?.locked === true;
}

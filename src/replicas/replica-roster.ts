import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { messageOf } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';

const HEARTBEAT_MS = 5_000;
/** Who was not seen for so long is gone. */
const SILENCE_SECONDS = 15;
/** Names that nobody has cost a read of the table no more often than this. */
const REREAD_MS = 250;

const BEAT = `
  INSERT INTO replicas (id, url) VALUES ($1, $2)
  ON CONFLICT (id) DO UPDATE SET url = excluded.url, seen_at = now()`;
const FORGET = `DELETE FROM replicas WHERE seen_at < now() - interval '1 hour'`;
const READ = `SELECT id, url FROM replicas WHERE seen_at > now() - make_interval(secs => $1)`;

/** The processes that share the database and can be reached: those that were started with REPLICA_URL. */
@Injectable()
export class ReplicaRoster implements OnModuleInit, OnApplicationShutdown {
  /** Name of this process, made at its start: letters, digits, `-` and `_`. */
  readonly ownId = randomBytes(6).toString('base64url');
  private readonly logger = new Logger(ReplicaRoster.name);
  private urls: ReadonlyMap<string, string> = new Map();
  private readAt = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'replicaUrl'>,
    private readonly database: DataSource,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.config.replicaUrl === null) return;
    await this.database.query(FORGET);
    await this.beat();
    this.timer = setInterval(() => void this.beatQuietly(), HEARTBEAT_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    if (this.config.replicaUrl === null) return;
    await this.database.query('DELETE FROM replicas WHERE id = $1', [this.ownId]).catch((error: unknown) => {
      this.logger.warn(`this replica stays in the list until it is old: ${messageOf(error)}`);
    });
  }

  /** Can requests be handed over to other processes at all? */
  get isShared(): boolean {
    return this.config.replicaUrl !== null;
  }

  /** Origin of another process; null: there is none of this name that is alive. */
  async urlOf(replicaId: string): Promise<string | null> {
    if (replicaId === this.ownId) return null;
    if (!this.urls.has(replicaId) && performance.now() - this.readAt > REREAD_MS) await this.read();
    return this.urls.get(replicaId) ?? null;
  }

  private async beat(): Promise<void> {
    await this.database.query(BEAT, [this.ownId, this.config.replicaUrl]);
    await this.read();
  }

  private async beatQuietly(): Promise<void> {
    await this.beat().catch((error: unknown) => {
      this.logger.warn(`the other replicas may not see this one: ${messageOf(error)}`);
    });
  }

  private read(): Promise<void> {
    this.reading ??= this.readNow().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async readNow(): Promise<void> {
    const rows = await this.database.query<{ id: string; url: string }[]>(READ, [SILENCE_SECONDS]);
    this.urls = new Map(rows.map(({ id, url }) => [id, url]));
    this.readAt = performance.now();
  }
}

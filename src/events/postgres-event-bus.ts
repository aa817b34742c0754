import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import { messageOf } from '../common/gatehouse-error.js';
import type { Secret } from '../common/secret.js';
import { encodeEvent, EventBus } from './event-bus.js';

const CHANNEL = 'gatehouse_events';
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** Events over LISTEN/NOTIFY, on a connection of its own that is made again whenever it breaks. */
@Injectable()
export class PostgresEventBus extends EventBus implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(PostgresEventBus.name);
  private client: pg.Client | null = null;
  private retryTimer: NodeJS.Timeout | undefined;
  private retryMs = FIRST_RETRY_MS;
  private closed = false;
  /** The connection carries one query at a time. */
  private lastSent: Promise<void> = Promise.resolve();

  constructor(private readonly databaseUrl: Secret) {
    super();
  }

  async onModuleInit(): Promise<void> {
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retryTimer);
    await this.client?.end();
  }

  publish(topic: string, payload: unknown): Promise<void> {
    const event = encodeEvent(topic, payload);
    const sent = this.lastSent.catch(() => undefined).then(() => this.notify(event));
    this.lastSent = sent;
    return sent;
  }

  private async notify(event: string): Promise<void> {
    if (this.client === null) throw new Error('the event connection to PostgreSQL is broken at the moment');
    await this.client.query('SELECT pg_notify($1, $2)', [CHANNEL, event]);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl.reveal(),
      application_name: 'gatehouse-events',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client.on('notification', ({ payload }) => this.receive(payload ?? ''));
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error('the connection ended')));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      await client.end();
      throw error;
    }
    // The shutdown may have come while this was connecting.
    if (this.closed) return client.end();
    this.client = client;
    this.retryMs = FIRST_RETRY_MS;
  }

  private lost(client: pg.Client, error: Error): void {
    if (this.closed || this.client !== client) return;
    this.client = null;
    this.log.warn(`the event connection is lost and will be made again: ${error.message}`);
    this.retryLater();
  }

  private retryLater(): void {
    if (this.closed) return;
    this.retryTimer = setTimeout(() => {
      this.connect().then(
        () => this.reconnected(),
        (error: unknown) => {
          this.log.warn(`the event connection cannot be made yet: ${messageOf(error)}`);
          this.retryLater();
        },
      );
    }, this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }
}

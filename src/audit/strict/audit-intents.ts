import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { GatehouseError, messageOf } from '../../common/gatehouse-error.js';
import { CONFIG, type Config } from '../../config/config.js';
import { storable } from '../audit-row.js';
import { AuditIntentEntity } from './audit-intent.entity.js';

const SIGN_OF_LIFE_MS = 10_000;
/** How long a call waits for its intent to be stored. */
const WAIT_MS = 2_000;

/** A call that is about to be sent. */
export type AuditIntent = Readonly<Omit<AuditIntentEntity, 'process' | 'at'>>;

/**
 * With AUDIT_MODE=strict: stores that a call is about to be sent before its first byte leaves, so that a crash of the
 * process loses no call. What arrives while one statement runs shares the next one.
 */
@Injectable()
export class AuditIntents implements OnApplicationBootstrap, OnModuleDestroy {
  readonly isStrict: boolean;
  private readonly logger = new Logger(AuditIntents.name);
  private readonly process = randomUUID();
  private readonly statement: string;
  private waiting: string[] = [];
  private group: Promise<void> | null = null;
  private running: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'auditMode'>,
    @InjectRepository(AuditIntentEntity) private readonly intents: Repository<AuditIntentEntity>,
  ) {
    this.isStrict = config.auditMode === 'strict';
    const names = intents.metadata.columns.map((column) => `"${column.databaseName}"`).join(', ');
    this.statement =
      `INSERT INTO "audit_intents" (${names}) ` +
      `SELECT ${names} FROM json_populate_recordset(NULL::"audit_intents", $1::json)`;
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.isStrict) return;
    await this.giveSignOfLife();
    this.timer = setInterval(() => {
      this.giveSignOfLife().catch((error: unknown) => this.logger.warn(`no sign of life: ${messageOf(error)}`));
    }, SIGN_OF_LIFE_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Resolves when it is committed. @throws GatehouseError `dependency_unavailable`, and nothing may be sent */
  async store(intent: AuditIntent): Promise<void> {
    this.waiting.push(storable({ ...intent, process: this.process, at: new Date() }));
    this.group ??= this.running.then(() => this.commit());
    try {
      await inTime(this.group);
    } catch (error) {
      throw new GatehouseError('dependency_unavailable', 'The call cannot be recorded; try again shortly', {
        ...{ sent: 'no', retryAfter: 2, detail: messageOf(error), cause: error },
      });
    }
  }

  private commit(): Promise<void> {
    const rows = this.waiting;
    this.waiting = [];
    this.group = null;
    const committed = this.intents.query(this.statement, [`[${rows.join(',')}]`]).then(() => undefined);
    this.running = committed.catch(() => undefined);
    return committed;
  }

  private async giveSignOfLife(): Promise<void> {
    await this.intents.query(
      `INSERT INTO audit_processes (process, seen_at) VALUES ($1, now())
       ON CONFLICT (process) DO UPDATE SET seen_at = now()`,
      [this.process],
    );
  }
}

async function inTime(stored: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database takes too long')), WAIT_MS);
  });
  await Promise.race([stored, limit]).finally(() => clearTimeout(timer));
}

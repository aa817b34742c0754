import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { ERROR_CODES } from '../common/error-codes.js';
import { AuditBuffer } from './audit-buffer.js';
import type { AuditRecord, RefusalEntry } from './audit-record.js';

type Listener = (record: AuditRecord) => void;

/** Takes one record per call or refusal. Metrics listen here too, so that they count exactly what was recorded. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger(AuditService.name);
  private readonly listeners: Listener[] = [];

  constructor(private readonly buffer: AuditBuffer) {}

  /** To be checked before anything is sent: when false, `waitForRoom` first. */
  get hasRoom(): boolean {
    return this.buffer.hasRoom;
  }

  /** Records that are not written yet. */
  get pending(): number {
    return this.buffer.size;
  }

  waitForRoom(): Promise<void> {
    return this.buffer.waitForRoom();
  }

  record(record: AuditRecord): void {
    this.buffer.add(record);
    for (const listener of this.listeners) listener(record);
  }

  recordRefusal(entry: RefusalEntry): void {
    const record = refusalRecord(entry);
    if (this.buffer.hasRoom) this.buffer.add(record);
    else
      this.logger.warn(`a refusal at ${entry.door} (${entry.code}) is not recorded: the audit store does not keep up`);
    for (const listener of this.listeners) listener(record);
  }

  /** Calls the listener with every record. */
  onRecord(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Writes what is pending; for tests and for the shutdown. */
  flush(): Promise<void> {
    return this.buffer.flush();
  }
}

function refusalRecord(entry: RefusalEntry): AuditRecord {
  return {
    ...NOTHING_SENT,
    id: randomUUID(),
    at: new Date(),
    door: entry.door,
    requestId: entry.requestId,
    principal: entry.principal,
    sourceAddress: entry.sourceAddress,
    path: entry.path.slice(0, 512),
    outcome: ERROR_CODES[entry.code].http >= 500 ? 'failed' : 'refused',
    code: entry.code,
  };
}

const NOTHING_SENT = {
  target: null,
  publicName: null,
  sent: 'no',
  guardrails: [],
  argumentsHash: null,
  resultHash: null,
  policyVersion: null,
  durationMs: 0,
  cost: null,
} as const satisfies Partial<AuditRecord>;

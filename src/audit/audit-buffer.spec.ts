import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { principalWith } from '../../test/permissions/policy-fixtures.js';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/test-database.js';
import { AuditBuffer } from './audit-buffer.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditRecord } from './audit-record.js';
import { AuditStore } from './audit-store.js';
import { AuditLinkEntity } from './chain/audit-link.entity.js';

/** Longer than the buffer waits between two attempts. */
const NEXT_ATTEMPT_MS = 1_000;

const record: AuditRecord = {
  id: '6b0f6a2e-5f4e-4b83-8d1c-1d2f3a4b5c6d',
  at: new Date('2026-07-28T12:00:00.123Z'),
  door: 'mcp',
  requestId: 'r',
  principal: principalWith([]),
  sourceAddress: '::1',
  path: '/mcp',
  target: null,
  publicName: 'a-tool',
  outcome: 'refused',
  code: 'unknown_tool',
  sent: 'no',
  guardrails: [],
  argumentsHash: null,
  resultHash: null,
  policyVersion: 1,
  durationMs: 1,
  cost: null,
};

let database: TestDatabase;
let source: DataSource;
let buffer: AuditBuffer;

beforeAll(async () => {
  const serverUrl = process.env.GATEHOUSE_TEST_EMBEDDED_URL;
  if (serverUrl === undefined) throw new Error('global-setup.mjs has not started PostgreSQL');
  database = await createTestDatabase(serverUrl);
  source = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [AuditRecordEntity, AuditLinkEntity],
    synchronize: true,
  });
  await source.initialize();
  Logger.overrideLogger(false);
});

afterAll(async () => {
  await source.destroy();
  await database.drop();
});

beforeEach(async () => {
  await source.query('TRUNCATE audit_records');
  buffer = new AuditBuffer(new AuditStore(source.getRepository(AuditRecordEntity)));
});

const written = (): Promise<number> => source.getRepository(AuditRecordEntity).count();
const takeTableAway = (): Promise<unknown> => source.query('ALTER TABLE audit_records RENAME TO away');
const putTableBack = (): Promise<unknown> => source.query('ALTER TABLE away RENAME TO audit_records');

describe('a buffer of audit records', () => {
  it('writes by itself what it was given, and again what the database did not take', async () => {
    await takeTableAway();
    buffer.add(record);
    await pause(NEXT_ATTEMPT_MS / 2);
    await putTableBack();
    await pause(NEXT_ATTEMPT_MS);
    expect(await written()).toBe(1);
  });

  it('writes everything before the shutdown', async () => {
    buffer.add(record);
    await buffer.beforeApplicationShutdown();
    expect(await written()).toBe(1);
  });

  it('stops trying when the shutdown gave up', async () => {
    await takeTableAway();
    buffer.add(record);
    await buffer.beforeApplicationShutdown();
    await putTableBack();
    await pause(NEXT_ATTEMPT_MS);
    expect(await written()).toBe(0);
  }, 20_000);
});

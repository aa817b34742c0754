import { describe, expect, it } from '@jest/globals';
import { getMetadataArgsStorage } from 'typeorm';
import { principalWith } from '../../test/permissions/policy-fixtures.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import type { AuditRecord } from './audit-record.js';
import { auditRow } from './audit-row.js';

const AT = new Date('2026-07-28T12:00:00.123Z');
const QUOTED = 'a "quoted" \\ name\nof two lines';

const full: AuditRecord = {
  id: '6b0f6a2e-5f4e-4b83-8d1c-1d2f3a4b5c6d',
  at: AT,
  door: 'rest',
  method: 'prompts/get',
  requestId: QUOTED,
  principal: { ...principalWith([]), id: 'key:1', keyAlias: QUOTED, customerId: QUOTED },
  sourceAddress: '::1',
  path: '/mcp',
  target: { serverId: 's', serverName: 'server', tool: QUOTED, toolHash: 'c' },
  publicName: QUOTED,
  outcome: 'ok',
  code: 'upstream_error',
  sent: 'yes',
  guardrails: [{ name: QUOTED, phase: 'pre', outcome: 'blocked', details: { why: QUOTED } }],
  argumentsHash: 'a',
  resultHash: 'b',
  policyVersion: 7,
  durationMs: 0.0000001,
  cost: 0.25,
};

const row = {
  id: full.id,
  at: AT.toISOString(),
  door: 'rest',
  method: 'prompts/get',
  request_id: QUOTED,
  principal_id: 'key:1',
  key_alias: QUOTED,
  customer_id: QUOTED,
  source_address: '::1',
  path: '/mcp',
  server_id: 's',
  server_name: 'server',
  tool: QUOTED,
  public_name: QUOTED,
  outcome: 'ok',
  code: 'upstream_error',
  sent: 'yes',
  guardrails: full.guardrails,
  arguments_hash: 'a',
  result_hash: 'b',
  tool_hash: 'c',
  policy_version: 7,
  duration_ms: 0.0000001,
  cost: 0.25,
};

describe('auditRow', () => {
  it('has every column', () => {
    expect(JSON.parse(auditRow(full))).toEqual(row);
    const columns = getMetadataArgsStorage()
      .filterColumns(AuditRecordEntity)
      .map(({ propertyName }) => propertyName);
    expect(Object.keys(row).sort()).toEqual(columns.sort());
  });

  it('leaves out what is not known', () => {
    const nothing = { principal: null, target: null, sourceAddress: null, path: null, publicName: null } as const;
    const { method: _method, ...call } = full;
    const bare: AuditRecord = {
      ...call,
      ...nothing,
      code: null,
      argumentsHash: null,
      resultHash: null,
      policyVersion: null,
      cost: null,
    };
    const { id, at, door, request_id, outcome, sent, guardrails, duration_ms } = row;
    expect(JSON.parse(auditRow(bare))).toEqual({ id, at, door, request_id, outcome, sent, guardrails, duration_ms });
  });

  it('does not mix up callers and tools', () => {
    const principal = { ...principalWith([]), id: 'key:2', keyAlias: null };
    const target = { serverId: 't', serverName: 'other', tool: 'u', toolHash: 'd' };
    const other = JSON.parse(auditRow({ ...full, principal, target })) as Record<string, unknown>;
    expect(other).toMatchObject({
      principal_id: 'key:2',
      server_id: 't',
      server_name: 'other',
      tool: 'u',
      tool_hash: 'd',
    });
    expect(other).not.toHaveProperty('key_alias');
  });

  it('holds nothing that PostgreSQL cannot store, in names and values, and changes nothing else', () => {
    const publicName = 'nul \0, halves \ud800 \udc00, pair \u{1F600}, text \\u0000 \\\\ud800';
    const guardrails = [{ name: 'g', phase: 'pre', outcome: 'blocked', details: { ['key \0']: '\ud800' } }];
    expect(JSON.parse(auditRow({ ...full, publicName, guardrails }))).toMatchObject({
      public_name: 'nul \ufffd, halves \ufffd \ufffd, pair \u{1F600}, text \\u0000 \\\\ud800',
      guardrails: [{ details: { ['key \ufffd']: '\ufffd' } }],
    });
  });
});

import { ApiProperty } from '@nestjs/swagger';
import type { WriteRecord } from '../write-log/write-log-reader.js';
import type { AuditRecordEntity } from './audit-record.entity.js';
import { AUDIT_OUTCOMES, type AuditOutcome } from './audit-record.js';

const TEXT = { type: String, nullable: true } as const;
const STATE = { type: 'object', nullable: true, additionalProperties: true } as const;

/** One of the objects that a write changed besides the one that it was about. */
export class AlsoChangedView {
  @ApiProperty({ example: 'key' })
  type!: string;

  @ApiProperty()
  id!: string;
}

/** What only records of writes hold. */
export class AuditWriteView {
  @ApiProperty({ ...TEXT, description: '`litellm-changed-by` as sent: a claim that nobody checked' })
  changed_by!: string | null;

  @ApiProperty({ ...STATE, description: 'null: there was nothing. Of a change only what differs; secrets as digests' })
  before!: object | null;

  @ApiProperty({ ...STATE, description: 'null: the object is gone' })
  after!: object | null;

  @ApiProperty({ type: [AlsoChangedView], description: 'The first 1000' })
  also_changed!: AlsoChangedView[];

  @ApiProperty({ description: 'How many there are' })
  also_changed_count!: number;
}

/** What only records of calls hold. */
export class AuditCallView {
  @ApiProperty({ example: 'mcp', description: 'Where it came in' })
  door!: string;

  @ApiProperty(TEXT)
  path!: string | null;

  @ApiProperty({ ...TEXT, description: 'Upstream name' })
  tool!: string | null;

  @ApiProperty({ ...TEXT, description: 'As the caller wrote it' })
  public_name!: string | null;

  @ApiProperty({ ...TEXT })
  customer_id!: string | null;

  @ApiProperty({ ...TEXT, description: 'Error code; null: none' })
  code!: string | null;

  @ApiProperty({ enum: ['no', 'yes', 'unknown'], description: 'May the server have run it?' })
  sent!: string;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  guardrails!: unknown;

  @ApiProperty({ ...TEXT, description: 'SHA-256 in hex' })
  arguments_hash!: string | null;

  @ApiProperty({ ...TEXT, description: 'SHA-256 in hex' })
  result_hash!: string | null;

  @ApiProperty({ ...TEXT, description: 'SHA-256 in hex of the definition of the tool' })
  tool_hash!: string | null;

  @ApiProperty({ type: Number, nullable: true })
  policy_version!: number | null;

  @ApiProperty({ description: 'Milliseconds' })
  duration_ms!: number;

  @ApiProperty({ type: Number, nullable: true })
  cost!: number | null;
}

/** One audit record: of a call or of a write, in one shape. */
export class AuditEntryView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  at!: string;

  @ApiProperty({ enum: ['call', 'write'] })
  kind!: 'call' | 'write';

  @ApiProperty({ ...TEXT, example: 'master', description: 'null: nobody was authenticated' })
  actor!: string | null;

  @ApiProperty({ ...TEXT, description: 'Alias of the key' })
  actor_alias!: string | null;

  @ApiProperty({ example: 'key.create' })
  action!: string;

  @ApiProperty({ ...TEXT, example: 'key', description: '`mcp_server` for calls; null: no server was found' })
  object_type!: string | null;

  @ApiProperty(TEXT)
  object_id!: string | null;

  @ApiProperty({ ...TEXT, description: 'For people' })
  object_name!: string | null;

  @ApiProperty({ enum: AUDIT_OUTCOMES })
  outcome!: AuditOutcome;

  @ApiProperty(TEXT)
  request_id!: string | null;

  @ApiProperty(TEXT)
  source_address!: string | null;

  @ApiProperty({ type: AuditWriteView, nullable: true, description: 'null for calls' })
  write!: AuditWriteView | null;

  @ApiProperty({ type: AuditCallView, nullable: true, description: 'null for writes' })
  call!: AuditCallView | null;
}

/** What is shown of a write. */
export function viewOfWrite(record: WriteRecord): AuditEntryView {
  return {
    id: record.id,
    at: record.at.toISOString(),
    kind: 'write',
    actor: record.actor,
    actor_alias: record.actor_alias,
    action: record.action,
    object_type: record.object_type,
    object_id: record.object_id,
    object_name: record.object_name,
    outcome: 'ok',
    request_id: record.request_id,
    source_address: record.source_address,
    write: {
      changed_by: record.changed_by,
      before: record.before,
      after: record.after,
      also_changed: record.also_changed,
      also_changed_count: record.also_changed_count,
    },
    call: null,
  };
}

/** What is shown of a call, another request to a server, or a refusal at the door. */
export function viewOfCall(row: AuditRecordEntity): AuditEntryView {
  return {
    id: row.id,
    at: row.at.toISOString(),
    kind: 'call',
    actor: row.principal_id,
    actor_alias: row.key_alias,
    action: row.method ?? (row.public_name === null ? 'refusal' : 'tools/call'),
    object_type: row.server_id === null ? null : 'mcp_server',
    object_id: row.server_id,
    object_name: row.server_name,
    outcome: row.outcome as AuditOutcome,
    request_id: row.request_id,
    source_address: row.source_address,
    write: null,
    call: {
      door: row.door,
      path: row.path,
      tool: row.tool,
      public_name: row.public_name,
      customer_id: row.customer_id,
      code: row.code,
      sent: row.sent,
      guardrails: row.guardrails,
      arguments_hash: row.arguments_hash,
      result_hash: row.result_hash,
      tool_hash: row.tool_hash,
      policy_version: row.policy_version === null ? null : Number(row.policy_version),
      duration_ms: row.duration_ms,
      cost: row.cost,
    },
  };
}

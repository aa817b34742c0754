import { ApiProperty } from '@nestjs/swagger';
import type { JsonObject } from '../common/json.js';
import type { ApprovalPayload } from './approval-payloads.js';
import type { ApprovalEntity } from './approval.entity.js';

/** Who wants an approval, and why. */
export class ApprovalReasonView {
  @ApiProperty({ example: 'refunds', description: 'Name of the guardrail, or whose argument rule it is' })
  source!: string;

  @ApiProperty({ example: 'Refunds of this size need a person' })
  message!: string;
}

/** A call that waits for a person, or was decided on. */
export class ApprovalView {
  @ApiProperty({ format: 'uuid', example: '5f0c9a52-90f5-4c25-8a0f-6f6f1d7c8a10' })
  id!: string;

  @ApiProperty({ enum: ['pending', 'approved', 'denied', 'used', 'void', 'expired'], example: 'pending' })
  status!: string;

  @ApiProperty({ type: String, nullable: true, description: 'SHA-256 of the key of the caller' })
  key_hash!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'support-bot' })
  key_alias!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'ann' })
  user_id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'support' })
  team_id!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'acme',
    description: 'For whom the call is; null: nobody named',
  })
  customer_id!: string | null;

  @ApiProperty({ example: '0b8e6d0a-6a6a-4d55-9d0f-2a1f0f5a4c11' })
  server_id!: string;

  @ApiProperty({ example: 'bank' })
  server_name!: string;

  @ApiProperty({ example: 'refund', description: 'Upstream name' })
  tool!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What will be sent, to the character; null for readers without the full admin role',
    example: { order: 7, amount: 2000 },
  })
  arguments!: JsonObject | null;

  @ApiProperty({ description: 'SHA-256 in hex of the arguments as canonical JSON' })
  arguments_hash!: string;

  @ApiProperty({ type: [ApprovalReasonView] })
  reasons!: ApprovalReasonView[];

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', description: 'Until when it can be decided on, or the decision stands' })
  expires_at!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Who decided: a user, a key, or the master key' })
  decided_by!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decided_at!: string | null;

  @ApiProperty({ type: String, nullable: true })
  note!: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The call that went through with it' })
  used_by_call!: string | null;
}

/** @param mayRead whether the reader sees what the call would send */
export function toApprovalView(row: ApprovalEntity, payload: ApprovalPayload, mayRead: boolean): ApprovalView {
  const { id, key_hash, key_alias, user_id, team_id, customer_id } = row;
  const { server_id, server_name, tool, arguments_hash } = row;
  const isOpen = row.status === 'pending' || row.status === 'approved';
  return {
    id,
    status: isOpen && row.expires_at.getTime() <= Date.now() ? 'expired' : row.status,
    ...{ key_hash, key_alias, user_id, team_id, customer_id, server_id, server_name, tool },
    arguments: mayRead ? { ...payload.arguments } : null,
    arguments_hash,
    reasons: payload.asks.map(({ source, message }) => ({ source, message })),
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    decided_by: row.decided_by,
    decided_at: row.decided_at?.toISOString() ?? null,
    note: row.note,
    used_by_call: row.used_by_call,
  };
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { JsonObject } from '../../common/json.js';
import { ObjectPermissionDto } from '../object-permission.dto.js';
import type { ObjectPermission } from '../object-permission.js';
import type { IdentityColumns, LevelColumns } from './level-columns.js';

const EXAMPLE_TIME = '2026-01-31T12:00:00.000Z';

/** When and by whom a record was made and changed. */
export class RecordView {
  @ApiProperty({ type: String, format: 'date-time', example: EXAMPLE_TIME })
  created_at!: string;

  @ApiProperty({ example: 'master', description: '`master` or the token of a key' })
  created_by!: string;

  @ApiProperty({ type: String, format: 'date-time', example: EXAMPLE_TIME })
  updated_at!: string;

  @ApiProperty({ example: 'master' })
  updated_by!: string;
}

/** What is shown of every level. */
export class LevelView extends RecordView {
  @ApiProperty({ type: ObjectPermissionDto, nullable: true, description: 'As stored: servers are named by their ids' })
  object_permission!: ObjectPermission | null;

  @ApiProperty({
    description:
      'A list that named something was emptied, or what the grants named is not there (any more). ' +
      'The level allows what is left, even when that is nothing.',
  })
  permission_closed!: boolean;

  @ApiProperty({ description: 'Whoever has the level is refused' })
  blocked!: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'Calls a minute over all servers' })
  rpm_limit!: number | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'integer' },
    description: 'Server id to calls a minute',
  })
  mcp_rpm_limit!: Readonly<Record<string, number>> | null;

  @ApiProperty({ type: Number, nullable: true })
  max_budget!: number | null;

  @ApiPropertyOptional({
    type: Number,
    example: 1.75,
    description: 'What its calls have cost so far, in the unit of max_budget. In the answers of info and list',
  })
  spend?: number;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata!: JsonObject;
}

/** What is shown of every record. */
export function toRecordView(row: IdentityColumns): RecordView {
  return {
    created_at: row.created_at.toISOString(),
    created_by: row.created_by,
    updated_at: row.updated_at.toISOString(),
    updated_by: row.updated_by,
  };
}

/** What is shown of every level. */
export function toLevelView(row: LevelColumns): LevelView {
  return {
    object_permission: row.object_permission,
    permission_closed: row.permission_closed,
    blocked: row.blocked,
    rpm_limit: row.rpm_limit,
    mcp_rpm_limit: row.mcp_rpm_limit,
    max_budget: row.max_budget,
    metadata: row.metadata,
    ...toRecordView(row),
  };
}

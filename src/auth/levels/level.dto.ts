import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, ValidateBy, ValidateNested } from 'class-validator';
import type { JsonObject } from '../../common/json.js';
import { IsJsonObjectWithin } from '../../common/map-validators.js';
import { isGuardrailList } from '../key-metadata.js';
import { ObjectPermissionDto } from '../object-permission.dto.js';
import { IsBudget, IsCallLimit, IsCallLimitMap } from './level-validators.js';

const MAX_METADATA_BYTES = 16 * 1024;

/** What can be written to every level. In an update a field that is missing is kept. */
export class LevelFieldsDto {
  @ApiPropertyOptional({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    example: { cost_center: '4711' },
    description: 'Free data. `guardrails` names hooks that run for whoever has this level besides the default ones',
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_METADATA_BYTES)
  @ValidateBy({
    name: 'isGuardrailList',
    validator: { validate: isGuardrailList, defaultMessage: () => 'guardrails in it must be a list of hook names' },
  })
  metadata?: JsonObject | null;

  @ApiPropertyOptional({
    type: ObjectPermissionDto,
    nullable: true,
    description:
      'What the level allows. In an update, null takes a list back to silence, and `[]` over a list that named ' +
      'something closes the level: it then allows what the other lists name and nothing else.',
  })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ObjectPermissionDto)
  object_permission?: ObjectPermissionDto | null;

  @ApiPropertyOptional({ type: Boolean, nullable: true, default: false, description: 'Whoever has it is refused' })
  @IsOptional()
  @IsBoolean()
  blocked?: boolean | null;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    example: 600,
    description: 'Calls and other requests a minute over all servers',
  })
  @IsOptional()
  @IsCallLimit()
  rpm_limit?: number | null;

  @ApiPropertyOptional({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'integer' },
    example: { everything: 60 },
    description: 'Server (id, alias or name; stored as id) to calls a minute. Replaced as a whole',
  })
  @IsOptional()
  @IsCallLimitMap()
  mcp_rpm_limit?: Record<string, number> | null;

  @ApiPropertyOptional({ type: Number, nullable: true, example: 25, description: 'Most that all calls may cost' })
  @IsOptional()
  @IsBudget()
  max_budget?: number | null;
}

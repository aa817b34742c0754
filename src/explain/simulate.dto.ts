import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsIdentityId } from '../auth/levels/level-validators.js';
import { ObjectPermissionDto } from '../auth/object-permission.dto.js';
import type { LevelKind } from '../auth/principal.js';

const KINDS = ['key', 'team', 'user', 'customer', 'agent', 'organization'] as const satisfies readonly LevelKind[];
const MAX_CHANGES = 100;
const MAX_DAYS = 90;
const WHOLE_DAYS = `must be a whole number from 1 to ${MAX_DAYS}`;

/** New grants for one level. */
export class DraftChangeDto {
  @ApiProperty({ enum: KINDS, example: 'team' })
  @IsIn(KINDS, { message: `must be one of ${KINDS.join(', ')}` })
  kind!: LevelKind;

  @ApiProperty({ description: 'Id of the level; of a key the key itself or its `token`', example: 'platform' })
  @IsIdentityId()
  id!: string;

  @ApiPropertyOptional({
    type: ObjectPermissionDto,
    nullable: true,
    description: 'As in an update: a list that is missing is kept, null makes the level silent',
  })
  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => ObjectPermissionDto)
  object_permission?: ObjectPermissionDto | null;
}

/** Body of `POST /v1/mcp/permissions/simulate`. */
export class SimulateDto {
  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: MAX_DAYS, default: 7, description: 'Days to look back' })
  @IsOptional()
  @IsInt({ message: WHOLE_DAYS })
  @Min(1, { message: WHOLE_DAYS })
  @Max(MAX_DAYS, { message: WHOLE_DAYS })
  days?: number;

  @ApiProperty({
    type: [DraftChangeDto],
    example: [{ kind: 'team', id: 'platform', object_permission: { mcp_tool_permissions: { everything: ['echo'] } } }],
  })
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must have at least one change' })
  @ArrayMaxSize(MAX_CHANGES, { message: `must have at most ${MAX_CHANGES} changes` })
  @ValidateNested({ each: true })
  @Type(() => DraftChangeDto)
  changes!: DraftChangeDto[];
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min } from 'class-validator';
import { PageQuery } from '../common/page.js';

const STATUSES = ['pending', 'approved', 'denied', 'used', 'void'] as const;
const LONGEST_NOTE = 500;
/** Seconds that an approval can be used, when the approver does not say. */
export const DEFAULT_VALID_FOR_S = 900;
const LEAST_VALID_FOR_S = 60;
const MOST_VALID_FOR_S = 86_400;

/** Query of `GET /v1/mcp/approvals`. */
export class ApprovalsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: STATUSES, description: 'Only these; `pending` leaves out those that are over' })
  @IsOptional()
  @IsIn(STATUSES, { message: `must be one of ${STATUSES.join(', ')}` })
  status?: (typeof STATUSES)[number];
}

/** Which request a route is about. */
export class ApprovalParams {
  @ApiProperty({ format: 'uuid', example: '5f0c9a52-90f5-4c25-8a0f-6f6f1d7c8a10' })
  @IsUUID(undefined, { message: 'must be a UUID' })
  id!: string;
}

/** Body of `POST /v1/mcp/approvals/{id}`. */
export class DecideApprovalDto {
  @ApiProperty({ enum: ['approve', 'deny'], example: 'approve' })
  @IsIn(['approve', 'deny'], { message: 'must be approve or deny' })
  decision!: 'approve' | 'deny';

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: LONGEST_NOTE,
    description: 'The caller is shown it after a denial',
  })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_NOTE)
  @Matches(/^[^\0]*$/, { message: 'must not hold the character U+0000' })
  note?: string | null;

  @ApiPropertyOptional({
    type: Number,
    minimum: LEAST_VALID_FOR_S,
    maximum: MOST_VALID_FOR_S,
    default: DEFAULT_VALID_FOR_S,
    description: 'Seconds that the decision stands: the call can be made in this time, or is denied for it',
  })
  @IsOptional()
  @IsInt({ message: 'must be a whole number' })
  @Min(LEAST_VALID_FOR_S)
  @Max(MOST_VALID_FOR_S)
  valid_for?: number;
}

import { ApiProperty, ApiPropertyOptional, PickType } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { SUBMITTED_FIELDS } from '../../config/parse-management.js';
import { ServerSettingsDto } from '../mcp-server.dto.js';
import type { ServerView } from '../mcp-server.views.js';
import { ANY_SUBMISSION } from '../mcp-server.schemas.js';

const HASH = {
  example: '6f1c2a349f0e4c558a772d1f0b9a1c116f1c2a349f0e4c558a772d1f0b9a1c11',
  description: 'Of the settings and the state',
} as const;
const MAX_NOTES = 8192;

/** Body of `POST /v1/mcp/server/register`. */
export class RegisterServerDto extends PickType(ServerSettingsDto, SUBMITTED_FIELDS) {}

/** Body of `PUT /v1/mcp/server/{server_id}/approve`. */
export class ApproveServerDto {
  @ApiPropertyOptional({ type: String, nullable: true, ...HASH })
  @IsOptional()
  @IsString()
  @Matches(/^[0-9a-f]{64}$/, { message: 'must be the content_hash that was read' })
  content_hash?: string | null;
}

/** Body of `PUT /v1/mcp/server/{server_id}/reject`. */
export class RejectServerDto extends ApproveServerDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'Please name the owner.' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_NOTES)
  review_notes?: string | null;
}

/** Answer of `GET /v1/mcp/server/submissions`. */
export class SubmissionsView {
  @ApiProperty({ type: 'integer', minimum: 0 })
  total!: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  pending_review!: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  active!: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  rejected!: number;

  @ApiProperty({ type: 'array', description: 'Newest first', items: ANY_SUBMISSION })
  items!: (ServerView & { readonly content_hash: string })[];
}

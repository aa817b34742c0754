import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, IsString, Length } from 'class-validator';
import { PageQuery } from '../common/page.js';

const MAX_NAME = 256;
const MAX_IDS = 500;
const FLAGS = ['true', 'false'] as const;
type Flag = (typeof FLAGS)[number];

/** Query of `GET /v1/mcp/server`. */
export class ListServersQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only what this team may use; for its members and admin views' })
  @IsOptional()
  @IsString()
  @Length(0, MAX_NAME)
  team_id?: string;

  @ApiPropertyOptional({ enum: FLAGS, description: 'Only servers that are public, or are not' })
  @IsOptional()
  @IsIn(FLAGS, { message: 'must be true or false' })
  is_public?: Flag;

  @ApiPropertyOptional({
    enum: FLAGS,
    description: 'Only servers that the calling user stored a secret for, or did not',
  })
  @IsOptional()
  @IsIn(FLAGS, { message: 'must be true or false' })
  has_user_credential?: Flag;
}

/** Query of `GET /v1/mcp/server/health`. */
export class ServerHealthQuery {
  @ApiPropertyOptional({ type: [String], description: 'Only these; can be repeated. Missing: all' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === undefined || Array.isArray(value) ? value : [value]))
  @ArrayMaxSize(MAX_IDS)
  @IsString({ each: true })
  server_ids?: string[];

  @ApiPropertyOptional({ enum: FLAGS, description: 'true: what the caller can reach is checked again first' })
  @IsOptional()
  @IsIn(FLAGS, { message: 'must be true or false' })
  refresh?: Flag;
}

/** Query of `GET /v1/mcp/server/{server_id}`. */
export class ReadServerQuery {
  @ApiPropertyOptional({ enum: FLAGS, description: 'true: the server is checked first. For admins' })
  @IsOptional()
  @IsIn(FLAGS, { message: 'must be true or false' })
  check?: Flag;
}

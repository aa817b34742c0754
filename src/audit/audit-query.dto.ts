import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, Length } from 'class-validator';
import { PageQuery } from '../common/page.js';
import { AUDIT_OUTCOMES, type AuditOutcome } from './audit-record.js';

const MAX_TEXT = 256;
const TIME_MESSAGE = 'must be an ISO-8601 time such as 2026-01-31T12:00:00Z';

/** Query of `GET /audit`. What is given must all be true of a record. */
export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({
    example: 'master',
    description: '`master`, the token of a key, or the id of a token’s caller',
  })
  @IsOptional()
  @IsString({ message: 'must be given once' })
  @Length(1, MAX_TEXT)
  actor?: string;

  @ApiPropertyOptional({
    example: 'mcp_server.update',
    description:
      'Of writes the type of the object and what was done, such as `key.create`; of calls `tools/call` or another ' +
      'method of MCP; `refusal` for what was refused at the door',
  })
  @IsOptional()
  @IsString({ message: 'must be given once' })
  @Length(1, MAX_TEXT)
  action?: string;

  @ApiPropertyOptional({ description: 'Id of the object that was written or, for calls, of the server' })
  @IsOptional()
  @IsString({ message: 'must be given once' })
  @Length(1, MAX_TEXT)
  object_id?: string;

  @ApiPropertyOptional({ description: 'Writes to this server and calls of it' })
  @IsOptional()
  @IsString({ message: 'must be given once' })
  @Length(1, MAX_TEXT)
  server_id?: string;

  @ApiPropertyOptional({ enum: AUDIT_OUTCOMES, description: 'Writes that are recorded were made: they are `ok`' })
  @IsOptional()
  @IsIn(AUDIT_OUTCOMES, { message: `must be one of ${AUDIT_OUTCOMES.join(', ')}` })
  outcome?: AuditOutcome;

  @ApiPropertyOptional({ format: 'date-time', description: 'From this time on' })
  @IsOptional()
  @IsISO8601({ strict: true }, { message: TIME_MESSAGE })
  since?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Before this time' })
  @IsOptional()
  @IsISO8601({ strict: true }, { message: TIME_MESSAGE })
  until?: string;
}

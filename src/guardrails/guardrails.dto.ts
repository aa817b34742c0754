import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength, ValidateBy } from 'class-validator';
import type { JsonObject } from '../common/json.js';
import { isJsonObject } from '../common/json.js';
import { IsJsonObjectWithin } from '../common/map-validators.js';

const MAX_NAME = 256;
const MAX_BYTES = 256 * 1024;
const KEY_FORM = /^(sk-[A-Za-z0-9_-]{20,128}|[0-9a-f]{64})$/;

/** Body of `POST /v1/mcp/guardrails/test`. */
export class TestGuardrailsDto {
  @ApiProperty({ description: 'A server by id, alias or name', example: 'everything' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_NAME)
  server_id!: string;

  @ApiProperty({ description: 'A tool of this server, by its upstream name or its public one', example: 'echo' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_NAME)
  tool_name!: string;

  @ApiPropertyOptional({ type: Object, description: 'Missing: none', example: { message: 'mail ann@example.com' } })
  @IsOptional()
  @IsJsonObjectWithin(MAX_BYTES)
  arguments?: JsonObject;

  @ApiPropertyOptional({
    description:
      'A key (`sk-…`) or its SHA-256 in hex, which is its `token`: whose rights, claims and guardrails count. ' +
      'Missing: those of the caller',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  @IsOptional()
  @IsString()
  @Matches(KEY_FORM, { message: 'must be a key (sk-…) or its token (64 hexadecimal characters)' })
  key?: string;

  @ApiPropertyOptional({
    type: Object,
    description: 'What the tool would answer, for hooks after the call. Missing: they do not run',
    example: { content: [{ type: 'text', text: 'Echo: mail ann@example.com' }] },
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_BYTES)
  @ValidateBy({
    name: 'isToolResult',
    validator: {
      validate: (value: unknown) => isJsonObject(value) && Array.isArray(value.content),
      defaultMessage: () => 'must be a tool result: an object with a "content" array',
    },
  })
  result?: JsonObject;
}

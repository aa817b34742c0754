import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import type { JsonObject } from '../common/json.js';
import { IsJsonObjectWithin } from '../common/map-validators.js';

const MAX_TOOLS = 1000;
/** The name is a segment of a path, and must not look like the id of another toolset. */
const NAME =
  /^(?![0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$)[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]{0,126}[\p{L}\p{M}\p{N}._-])?$/iu;
const NAME_MESSAGE =
  'must be 1 to 128 letters, digits, blanks, dots, hyphens and underscores, begin with a letter or digit, and be no UUID';
const TEXT = /^[^\p{Cc}]{1,256}$/u;
const TEXT_MESSAGE = 'must be 1 to 256 characters without control characters';
const DESCRIPTION = /^[\P{Cc}\n]{0,1000}$/u;
const DESCRIPTION_MESSAGE = 'must be at most 1000 characters, without control characters but line breaks';
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const TOOL_NAME_MESSAGE = 'must be 1 to 128 letters, digits, dots, hyphens and underscores';
const MAX_FIXED_BYTES = 16 * 1024;
const EXAMPLE_ID = '0d7a2f9e-53b5-4b59-9a0c-6f1d2c3b4a51';
const EXAMPLE_SERVER = 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001';

/** One tool of a toolset. */
export class ToolReferenceDto {
  @ApiProperty({ example: EXAMPLE_SERVER, description: 'Server by id, alias or name; stored as its id' })
  @IsString()
  @Matches(TEXT, { message: TEXT_MESSAGE })
  server_id!: string;

  @ApiProperty({ example: 'get-sum', description: 'The name that the server itself has for the tool' })
  @IsString()
  @Matches(TEXT, { message: TEXT_MESSAGE })
  tool_name!: string;

  @ApiPropertyOptional({
    example: 'find_invoices',
    description: 'Its name at the door of the toolset; unique there. Missing: the public name',
  })
  @IsOptional()
  @IsString()
  @Matches(TOOL_NAME, { message: TOOL_NAME_MESSAGE })
  name?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { folder: 'invoices' },
    description:
      'Arguments that every call is made with: they are not in the schema that callers see, and a call that gives one ' +
      'is refused. Holders may use the tool at the door of the toolset only. Shown to admins; no place for secrets',
  })
  @IsOptional()
  @IsJsonObjectWithin(MAX_FIXED_BYTES)
  fixed_arguments?: JsonObject;
}

class ToolsetFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'What the support desk may use' })
  @IsOptional()
  @IsString()
  @Matches(DESCRIPTION, { message: DESCRIPTION_MESSAGE })
  description?: string | null;

  @ApiPropertyOptional({ type: [ToolReferenceDto], nullable: true, maxItems: MAX_TOOLS })
  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_TOOLS, { message: `must have at most ${MAX_TOOLS} entries` })
  @ValidateNested({ each: true, message: 'must be an object with server_id and tool_name' })
  @Type(() => ToolReferenceDto)
  tools?: ToolReferenceDto[] | null;
}

/** Body of `POST /v1/mcp/toolset`. */
export class NewToolsetDto extends ToolsetFieldsDto {
  @ApiProperty({ example: 'support', description: 'Unique; the door is `/toolset/{toolset_name}/mcp`' })
  @IsString()
  @Matches(NAME, { message: NAME_MESSAGE })
  toolset_name!: string;
}

/** Body of `PUT /v1/mcp/toolset`. */
export class UpdateToolsetDto extends ToolsetFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsString()
  @Matches(TEXT, { message: TEXT_MESSAGE })
  toolset_id!: string;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'support', description: 'Missing or null: kept' })
  @IsOptional()
  @IsString()
  @Matches(NAME, { message: NAME_MESSAGE })
  toolset_name?: string | null;
}

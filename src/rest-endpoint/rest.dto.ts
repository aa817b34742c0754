import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsObject, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { AnyText } from '../common/any-text.decorator.js';
import type { JsonObject } from '../common/json.js';

/** Body of `POST /mcp-rest/tools/call`. */
@AnyText()
export class CallToolDto {
  @ApiPropertyOptional({
    description: 'Id, alias or name of the server. Needed unless there is a toolset_name.',
    example: 'everything',
  })
  @ValidateIf(({ server_id, toolset_name }: CallToolDto) => server_id !== undefined || toolset_name === undefined)
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  server_id?: string;

  @ApiPropertyOptional({
    description: 'In place of server_id: the tool is that of this toolset, under its name at the door of the toolset.',
    example: 'support',
  })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  toolset_name?: string;

  @ApiProperty({ description: 'Name of the tool, with or without the prefix of the server.', example: 'echo' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  name: string;

  @ApiPropertyOptional({
    description: 'Arguments of the tool; left out: none.',
    type: Object,
    example: { message: 'Hello' },
  })
  @IsOptional()
  @IsObject()
  arguments?: JsonObject;
}

/** Query of `GET /mcp-rest/tools/list`. */
export class ListToolsQueryDto {
  @ApiPropertyOptional({ description: 'Only the tools of this server (id, alias or name).', example: 'everything' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  server_id?: string;

  @ApiPropertyOptional({ description: 'Only the tools of this toolset, which the caller holds.', example: 'support' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(256)
  toolset_name?: string;
}

/** Where a listed tool comes from. */
export class RestToolInfoDto {
  @ApiProperty({ example: '0b8e6d0a-6a6a-4d55-9d0f-2a1f0f5a4c11' })
  server_id: string;

  @ApiProperty({ nullable: true, type: String, example: 'everything' })
  alias: string | null;

  @ApiProperty({ nullable: true, type: String, example: 'everything' })
  server_name: string | null;

  @ApiPropertyOptional({
    description: 'In the list of a toolset, for tools that have another name or fixed arguments in it.',
    example: 'support',
  })
  toolset_name?: string;
}

/** One tool of the REST list. */
export class RestToolDto {
  @ApiProperty({
    description:
      'Name to call it by, together with the server_id. A tool with a toolset_name in mcp_info is called with that in ' +
      'place of the server_id.',
    example: 'echo',
  })
  name: string;

  @ApiPropertyOptional({ example: 'Echoes back the input' })
  description?: string;

  @ApiProperty({ type: Object, example: { type: 'object', properties: { message: { type: 'string' } } } })
  inputSchema: JsonObject;

  @ApiProperty({ type: RestToolInfoDto })
  mcp_info: RestToolInfoDto;
}

/** Answer of `GET /mcp-rest/tools/list`. */
export class RestToolListDto {
  @ApiProperty({ type: [RestToolDto] })
  tools: RestToolDto[];

  @ApiProperty({
    description: 'partial_failure when some servers could not be listed; their names are in servers.',
    nullable: true,
    type: String,
    enum: ['partial_failure'],
    example: null,
  })
  error: 'partial_failure' | null;

  @ApiProperty({ example: 'Successfully retrieved tools' })
  message: string;

  @ApiProperty({
    description: 'State of each server of the list.',
    type: 'object',
    additionalProperties: { type: 'string', enum: ['ok', 'stale', 'unavailable', 'needs_auth'] },
    example: { everything: 'ok' },
  })
  servers: Record<string, string>;
}

/** A tool result, as the upstream gave it. */
export class ToolResultDto {
  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [{ type: 'text', text: 'Echo: Hello' }] })
  content: JsonObject[];

  @ApiPropertyOptional({ description: 'The tool itself reports an error.', example: false })
  isError?: boolean;
}

/** One tool as the aggregate door lists it; members of the upstream that the gateway does not know are kept. */
export class PublicToolDto {
  @ApiProperty({ example: 'everything-echo' })
  name: string;

  @ApiPropertyOptional({ example: 'Echoes back the input' })
  description?: string;

  @ApiProperty({ type: Object, example: { type: 'object', properties: { message: { type: 'string' } } } })
  inputSchema: JsonObject;
}

/** Answer of `GET /v1/mcp/tools`. */
export class PublicToolListDto {
  @ApiProperty({ type: [PublicToolDto] })
  tools: PublicToolDto[];
}

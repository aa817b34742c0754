import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { AnyText } from '../common/any-text.decorator.js';
import type { JsonObject } from '../common/json.js';

const EXAMPLE_TOOL = { type: 'function', function: { name: 'github-create_issue', parameters: { type: 'object' } } };

/** Body of `POST /v1/mcp/semantic-filter/test`: `query` or `messages`. */
@AnyText()
export class TestFilterDto {
  @ApiPropertyOptional({ description: 'What the user wants.', example: 'open an issue about the login page' })
  @ValidateIf(({ messages, query }: TestFilterDto) => messages === undefined || query !== undefined)
  @IsString({ message: 'must be a text, unless messages are given' })
  @MaxLength(100_000)
  query?: string;

  @ApiPropertyOptional({
    description: 'Messages of a chat completion; the last one of the user is the query.',
    type: [Object],
    example: [{ role: 'user', content: 'open an issue about the login page' }],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10_000)
  @IsObject({ each: true })
  messages?: JsonObject[];

  @ApiPropertyOptional({
    description: 'Tools in the form of either LLM endpoint; left out: every MCP tool that the caller may use.',
    type: [Object],
    example: [EXAMPLE_TOOL],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10_000)
  @IsObject({ each: true })
  tools?: JsonObject[];
}

/** A tool that matches. */
export class SelectedToolDto {
  @ApiProperty({ example: 'github-create_issue' })
  name: string;

  @ApiProperty({ description: '0 to 1; of words: relative to the best tool.', example: 1 })
  score: number;
}

/** Answer of `POST /v1/mcp/semantic-filter/test`. */
export class TestFilterResultDto {
  @ApiProperty({ description: 'The tools that a model would get.', type: [Object], example: [EXAMPLE_TOOL] })
  tools: JsonObject[];

  @ApiProperty({ type: [SelectedToolDto], description: 'MCP tools that match, best first.' })
  selected: SelectedToolDto[];

  @ApiProperty({ description: 'MCP tools of the request.', example: 12 })
  before: number;

  @ApiProperty({ description: 'MCP tools that are left.', example: 1 })
  after: number;

  @ApiProperty({ description: 'Whether the filter ran.' })
  ran: boolean;

  @ApiProperty({
    description: 'Why it did not run.',
    type: String,
    nullable: true,
    enum: ['disabled', 'no_query', 'no_mcp_tools', 'embedding_failed'],
    example: null,
  })
  reason: string | null;
}

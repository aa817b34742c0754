import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const MCP_TOOL = { type: 'mcp', server_label: 'tools', server_url: 'gatehouse', require_approval: 'never' };

/** Body of `POST /v1/chat/completions`. Other members reach the provider as they are. */
export class ChatRequestDto {
  @ApiProperty({ description: 'A model_name of model_list.', example: 'gpt-4o' })
  model: string;

  @ApiProperty({ type: [Object], example: [{ role: 'user', content: 'Which issues are open?' }] })
  messages: object[];

  @ApiPropertyOptional({ type: [Object], description: 'Tools of the client, and MCP entries.', example: [MCP_TOOL] })
  tools?: object[];

  @ApiPropertyOptional({ default: false })
  stream?: boolean;
}

/** Body of `POST /v1/responses`. Other members reach the provider as they are. */
export class ResponsesRequestDto {
  @ApiProperty({ description: 'A model_name of model_list.', example: 'gpt-4o' })
  model: string;

  @ApiProperty({ description: 'A text, or a list of items.', type: String, example: 'Which issues are open?' })
  input: unknown;

  @ApiPropertyOptional({ type: [Object], description: 'Tools of the client, and MCP entries.', example: [MCP_TOOL] })
  tools?: object[];

  @ApiPropertyOptional({ default: false })
  stream?: boolean;
}

/** What a provider answers; only the common members are named. */
export class LlmAnswerDto {
  @ApiProperty({ example: 'chatcmpl-1' })
  id: string;

  @ApiProperty({ example: 'chat.completion' })
  object: string;
}

/** One model. */
export class ModelDto {
  @ApiProperty({ example: 'gpt-4o' })
  id: string;

  @ApiProperty({ enum: ['model'] })
  object: 'model';

  @ApiProperty({ example: 0 })
  created: number;

  @ApiProperty({ example: 'gatehouse' })
  owned_by: string;
}

/** Answer of `GET /v1/models`. */
export class ModelListDto {
  @ApiProperty({ enum: ['list'] })
  object: 'list';

  @ApiProperty({ type: [ModelDto] })
  data: ModelDto[];
}

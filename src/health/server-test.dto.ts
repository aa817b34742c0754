import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Answer of `POST /mcp-rest/test/connection`. */
export class ConnectionTestDto {
  @ApiProperty({ enum: ['ok', 'error'] })
  status!: 'ok' | 'error';

  @ApiPropertyOptional({ enum: [true], description: 'Only after a failure' })
  error?: true;

  @ApiPropertyOptional({ example: 'The upstream is not available.', description: 'Only after a failure' })
  message?: string;
}

/** Answer of `POST /mcp-rest/test/tools/list`. */
export class ToolListTestDto {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'As the upstream says them',
  })
  tools!: Record<string, unknown>[];

  @ApiProperty({
    type: [String],
    example: ['GET /reports: a parameter leads nowhere'],
    description: 'What of an OpenAPI document was left out or simplified; else empty',
  })
  warnings!: string[];

  @ApiProperty({ type: String, nullable: true, enum: ['test_failed', null] })
  error!: 'test_failed' | null;

  @ApiProperty({ example: '13 tools' })
  message!: string;
}

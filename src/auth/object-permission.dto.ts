import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsNullableStringListMap, IsTextList } from '../common/map-validators.js';

const MAX_LIST = 1000;
const MAX_NAME = 256;

/** Grants of one level. A field that is missing, null or, when the level is made, empty says nothing. */
export class ObjectPermissionDto {
  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['everything'],
    description:
      'Servers by id, alias or name; stored as ids. Also `all-proxy-mcpservers`, `all-team-mcpservers` and ' +
      '`no-mcp-servers`. What names no server is dropped, and the level then stays closed.',
  })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  mcp_servers?: string[] | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Access groups of servers, by exact name' })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  mcp_access_groups?: string[] | null;

  @ApiPropertyOptional({
    type: 'object',
    nullable: true,
    additionalProperties: { type: 'array', nullable: true, items: { type: 'string' } },
    example: { everything: ['echo', 'get-sum'] },
    description: 'Server to upstream tool names. Grants the server, limited to these tools; `[]` means no tool of it.',
  })
  @IsOptional()
  @IsNullableStringListMap()
  mcp_tool_permissions?: Record<string, string[] | null> | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    description: 'Toolsets by id or exact name; stored as ids. What names none is dropped, and the level stays closed.',
  })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  mcp_toolsets?: string[] | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['delete_repo'],
    description: 'Tools that are denied whatever else is granted, by upstream or public name; `*` denies all',
  })
  @IsOptional()
  @IsTextList(MAX_LIST, MAX_NAME)
  blocked_tools?: string[] | null;
}

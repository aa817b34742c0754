import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { IsTextList } from '../../common/map-validators.js';
import { IsDisplayName, IsIdentityId, IsIdentityIdList, MayBeMissing } from './level-validators.js';

const MAX_SERVERS = 1000;
const MAX_NAME = 256;
const DESCRIPTION = /^[\P{Cc}\n]{0,1000}$/u;
const EXAMPLE_ID = 'e4a1d0c7-2f7b-4f0e-8d55-7c0a9b3e4f44';

/** What can be written to a unified access group. */
export class AccessGroupFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'What the build machines may use' })
  @IsOptional()
  @IsString()
  @Matches(DESCRIPTION, { message: 'must be at most 1000 characters, without control characters but line breaks' })
  description?: string | null;

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    example: ['everything'],
    description: 'Servers by id, alias or name; stored as ids. What names no server is dropped',
  })
  @IsOptional()
  @IsTextList(MAX_SERVERS, MAX_NAME)
  access_mcp_server_ids?: string[] | null;
}

/** Body of `POST /access_group/new`. */
export class NewAccessGroupDto extends AccessGroupFieldsDto {
  @ApiProperty({ example: 'build', description: 'Unique name' })
  @IsDisplayName()
  access_group_name!: string;
}

/** Body of `POST /access_group/update`. */
export class UpdateAccessGroupDto extends AccessGroupFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  access_group_id!: string;

  @ApiPropertyOptional({ example: 'build', description: 'Unique name' })
  @MayBeMissing()
  @IsDisplayName()
  access_group_name?: string;
}

/** Body of `POST /access_group/delete`. */
export class DeleteAccessGroupsDto {
  @ApiProperty({ type: [String], example: [EXAMPLE_ID] })
  @IsIdentityIdList()
  access_group_ids!: string[];
}

/** Query of `GET /access_group/info`. */
export class AccessGroupInfoQuery {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  access_group_id!: string;
}

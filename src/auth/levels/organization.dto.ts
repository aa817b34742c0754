import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsDisplayName, IsIdentityId, IsIdentityIdList, MayBeMissing } from './level-validators.js';
import { LevelFieldsDto } from './level.dto.js';

const EXAMPLE_ID = '0b7d9c1e-3d54-4d6a-9a8e-5a7c2f6d1e22';

/** What can be written to an organisation. */
export class OrganizationFieldsDto extends LevelFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'Example Ltd', description: 'Name for people' })
  @IsOptional()
  @IsDisplayName()
  organization_alias?: string | null;
}

/** Body of `POST /organization/new`. */
export class NewOrganizationDto extends OrganizationFieldsDto {
  @ApiPropertyOptional({ example: EXAMPLE_ID, description: 'Missing: a UUID is made' })
  @MayBeMissing()
  @IsIdentityId()
  organization_id?: string;
}

/** Body of `POST /organization/update`. */
export class UpdateOrganizationDto extends OrganizationFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  organization_id!: string;
}

/** Body of `POST /organization/delete`. */
export class DeleteOrganizationsDto {
  @ApiProperty({ type: [String], example: [EXAMPLE_ID] })
  @IsIdentityIdList()
  organization_ids!: string[];
}

/** Query of `GET /organization/info`. */
export class OrganizationInfoQuery {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  organization_id!: string;
}

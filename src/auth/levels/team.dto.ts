import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { IsTextList } from '../../common/map-validators.js';
import { ArgumentRuleDto, IsArgumentRules } from '../../expressions/argument-rule.dto.js';
import { IsDisplayName, IsIdentityId, IsIdentityIdList, MayBeMissing } from './level-validators.js';
import { LevelFieldsDto } from './level.dto.js';
import { MAX_MEMBERS, type TeamRole } from './team.entity.js';

const MAX_GROUPS = 1000;
const MAX_NAME = 256;
const ROLES: readonly TeamRole[] = ['admin', 'user'];
const EXAMPLE_ID = '6f1c2a34-9f0e-4c55-8a77-2d1f0b9a1c11';

/** One member of a team. The user may be registered later. */
export class TeamMemberDto {
  @ApiProperty({ example: 'ada@example.com', description: 'Id of the user' })
  @IsIdentityId()
  user_id!: string;

  @ApiProperty({ enum: ROLES, example: 'user', description: 'An `admin` manages members and keys of the team' })
  @IsIn(ROLES, { message: 'must be admin or user' })
  role!: TeamRole;
}

/** What can be written to a team. */
export class TeamFieldsDto extends LevelFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'platform', description: 'Name for people' })
  @IsOptional()
  @IsDisplayName()
  team_alias?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: EXAMPLE_ID, description: 'Its grants are a ceiling' })
  @IsOptional()
  @IsIdentityId()
  organization_id?: string | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Ids of unified access groups' })
  @IsOptional()
  @IsTextList(MAX_GROUPS, MAX_NAME)
  access_group_ids?: string[] | null;

  @ApiPropertyOptional({ type: [ArgumentRuleDto], nullable: true, description: 'Replaced as a whole' })
  @IsOptional()
  @IsArgumentRules()
  argument_rules?: ArgumentRuleDto[] | null;
}

/** Body of `POST /team/new`. */
export class NewTeamDto extends TeamFieldsDto {
  @ApiPropertyOptional({ example: EXAMPLE_ID, description: 'Missing: a UUID is made' })
  @MayBeMissing()
  @IsIdentityId()
  team_id?: string;

  @ApiPropertyOptional({ type: [TeamMemberDto], nullable: true })
  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_MEMBERS)
  @IsObject({ each: true, message: 'must be a list of members, each an object' })
  @ValidateNested({ each: true })
  @Type(() => TeamMemberDto)
  @ArrayUnique((member: TeamMemberDto | null) => member?.user_id, { message: 'must name each user once' })
  members_with_roles?: TeamMemberDto[] | null;
}

/** Body of `POST /team/update`. */
export class UpdateTeamDto extends TeamFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  team_id!: string;
}

/** Body of `POST /team/delete`. */
export class DeleteTeamsDto {
  @ApiProperty({ type: [String], example: [EXAMPLE_ID] })
  @IsIdentityIdList()
  team_ids!: string[];
}

/** Body of `POST /team/member_add`. */
export class AddTeamMemberDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  team_id!: string;

  @ApiProperty({ type: TeamMemberDto })
  @IsObject({ message: 'must be an object with user_id and role' })
  @ValidateNested()
  @Type(() => TeamMemberDto)
  member!: TeamMemberDto;
}

/** Body of `POST /team/member_delete`. */
export class DeleteTeamMemberDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  team_id!: string;

  @ApiProperty({ example: 'ada@example.com' })
  @IsIdentityId()
  user_id!: string;
}

/** Query of `GET /team/info`. */
export class TeamInfoQuery {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  team_id!: string;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsEmail, IsIn, IsOptional } from 'class-validator';
import { ROLES, type Role } from '../../common/role.js';
import { IsIdentityId, IsIdentityIdList, MayBeMissing } from './level-validators.js';
import { LevelFieldsDto } from './level.dto.js';

const EXAMPLE_ID = 'ada@example.com';

/** What can be written to a user. */
export class UserFieldsDto extends LevelFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, example: EXAMPLE_ID, description: 'Unique; lower case' })
  @IsOptional()
  @IsEmail({}, { message: 'must be an e-mail address' })
  user_email?: string | null;

  @ApiPropertyOptional({
    enum: ROLES,
    default: 'internal_user',
    description: 'Role of the keys and tokens of the user',
  })
  @MayBeMissing()
  @IsIn(ROLES, { message: `must be one of ${ROLES.join(', ')}` })
  user_role?: Role;
}

/** Body of `POST /user/new`. */
export class NewUserDto extends UserFieldsDto {
  @ApiPropertyOptional({ example: EXAMPLE_ID, description: 'Missing: a UUID is made' })
  @MayBeMissing()
  @IsIdentityId()
  user_id?: string;

  @ApiPropertyOptional({
    default: false,
    description: 'Makes a key for the user as well. It has no grants of its own: give it some, or a team.',
  })
  @MayBeMissing()
  @IsBoolean({ message: 'must be true or false' })
  auto_create_key?: boolean;
}

/** Body of `POST /user/update`. */
export class UpdateUserDto extends UserFieldsDto {
  @ApiProperty({ example: EXAMPLE_ID })
  @IsIdentityId()
  user_id!: string;
}

/** Body of `POST /user/delete`. */
export class DeleteUsersDto {
  @ApiProperty({ type: [String], example: [EXAMPLE_ID] })
  @IsIdentityIdList()
  user_ids!: string[];
}

/** Query of `GET /user/info`. */
export class UserInfoQuery {
  @ApiPropertyOptional({ example: EXAMPLE_ID, description: 'Missing: the user of the calling key or token' })
  @MayBeMissing()
  @IsIdentityId()
  user_id?: string;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ROLES, type Role } from '../../common/role.js';
import { LevelView, toLevelView } from './level.views.js';
import type { UserEntity } from './user.entity.js';

/** A user as it is shown. */
export class UserView extends LevelView {
  @ApiProperty({ example: 'ada@example.com' })
  user_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  user_email!: string | null;

  @ApiProperty({ enum: ROLES })
  user_role!: Role;

  @ApiProperty({ type: [String], description: 'Ids of the teams that the user is a member of' })
  teams!: readonly string[];
}

/** Answer of `POST /user/new`. */
export class NewUserView extends UserView {
  @ApiPropertyOptional({ description: 'The key of the user, if one was made. In this answer only.' })
  key?: string;
}

/** Answer of `POST /user/update`. */
export class UpdatedUserView {
  @ApiProperty()
  user_id!: string;

  @ApiProperty({ type: UserView })
  data!: UserView;
}

/** Answer of `GET /user/info`. */
export class UserInfoView {
  @ApiProperty()
  user_id!: string;

  @ApiProperty({ type: UserView })
  user_info!: UserView;
}

/** Answer of `GET /user/list`. */
export class UserListView {
  @ApiProperty({ type: [UserView] })
  users!: UserView[];
}

/** Answer of `POST /user/delete`. */
export class DeletedUsersView {
  @ApiProperty({ type: [String], description: 'Ids of the users that are gone' })
  deleted_users!: readonly string[];
}

/** What is shown of a stored user. */
export function toUserView(user: UserEntity, teams: readonly string[]): UserView {
  return { user_id: user.id, user_email: user.user_email, user_role: user.user_role, teams, ...toLevelView(user) };
}

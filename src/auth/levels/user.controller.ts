import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { PageQuery } from '../../common/page.js';
import { CurrentPrincipal } from '../current-principal.decorator.js';
import { LevelSpend } from '../level-spend.js';
import type { Principal } from '../principal.js';
import { IdentityStore } from './identity-store.js';
import { pageLimit, readPosition, sendNextLink } from './list-page.js';
import { DeleteUsersDto, UpdateUserDto, UserInfoQuery } from './user.dto.js';
import {
  DeletedUsersView,
  toUserView,
  UpdatedUserView,
  UserInfoView,
  UserListView,
  type UserView,
} from './user.views.js';
import { UsersService } from './users.service.js';

/** Users: the roles and ceilings of the people behind keys and tokens. `NewUserController` makes them. */
@ApiTags('Users')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('user')
export class UserController {
  constructor(
    private readonly store: IdentityStore,
    private readonly users: UsersService,
    private readonly spend: LevelSpend,
  ) {}

  @Post('update')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Change a user', description: 'Fields that are missing are kept.' })
  @ApiOkResponse({ type: UpdatedUserView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async update(@Body() body: UpdateUserDto, @CurrentPrincipal() caller: Principal): Promise<UpdatedUserView> {
    const changed = await this.store.update('user', body.user_id, body, caller);
    const { user, teams } = await this.users.withTeams(changed);
    return { user_id: user.id, data: toUserView(user, teams) };
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete users',
    description:
      'All of them, or none when one does not exist. They leave their teams; their keys stay and are refused ' +
      'everything.',
  })
  @ApiOkResponse({ type: DeletedUsersView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(@Body() body: DeleteUsersDto, @CurrentPrincipal() caller: Principal): Promise<DeletedUsersView> {
    return { deleted_users: await this.store.delete('user', body.user_ids, caller) };
  }

  @Get('info')
  @RequireRole('any')
  @ApiOperation({ summary: 'Read one user', description: 'Any user with an admin view, else the calling user only.' })
  @ApiOkResponse({ type: UserInfoView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: UserInfoQuery, @CurrentPrincipal() caller: Principal): Promise<UserInfoView> {
    const { user, teams } = await this.users.info(query.user_id, caller);
    return { user_id: user.id, user_info: await this.spend.addToOne('user', toUserView(user, teams), idOf) };
  }

  @Get('list')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List users',
    description: 'In order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: UserListView })
  @ApiProblems('invalid_request')
  async list(@Query() query: PageQuery, @Res({ passthrough: true }) response: Response): Promise<UserListView> {
    const page = await this.users.list(pageLimit(query), readPosition(query));
    sendNextLink(response, '/user/list', query, page.next);
    const views = page.items.map(({ user, teams }) => toUserView(user, teams));
    return { users: await this.spend.addTo('user', views, idOf) };
  }
}

function idOf({ user_id }: UserView): string {
  return user_id;
}

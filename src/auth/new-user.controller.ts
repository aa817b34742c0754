import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { CurrentPrincipal } from './current-principal.decorator.js';
import { NewUserDto } from './levels/user.dto.js';
import { NewUserView, toUserView } from './levels/user.views.js';
import { NewUsers } from './new-users.js';
import type { Principal } from './principal.js';

/** Makes users. Apart from the other routes of users, since keys are made here too. */
@ApiTags('Users')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('user')
export class NewUserController {
  constructor(private readonly users: NewUsers) {}

  @Post('new')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Register a user',
    description: 'The grants of a user are a ceiling: they take from what key and team allow and add nothing.',
  })
  @ApiOkResponse({ type: NewUserView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async new(@Body() body: NewUserDto, @CurrentPrincipal() caller: Principal): Promise<NewUserView> {
    const { user, teams, key } = await this.users.create(body, caller);
    return { ...toUserView(user, teams), ...(key !== null && { key }) };
  }
}

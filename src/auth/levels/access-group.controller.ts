import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { PageQuery } from '../../common/page.js';
import { CurrentPrincipal } from '../current-principal.decorator.js';
import type { Principal } from '../principal.js';
import {
  AccessGroupInfoQuery,
  DeleteAccessGroupsDto,
  NewAccessGroupDto,
  UpdateAccessGroupDto,
} from './access-group.dto.js';
import { DeletedAccessGroupsView, toAccessGroupView, AccessGroupView } from './access-group.views.js';
import { IdentityStore } from './identity-store.js';
import { pageLimit, readPosition, sendNextLink } from './list-page.js';

/** Unified access groups: servers that keys and teams are given together. */
@ApiTags('Access groups')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('access_group')
export class AccessGroupController {
  constructor(private readonly store: IdentityStore) {}

  @Post('new')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Make an access group',
    description: 'Keys and teams take it over by its id, in `access_group_ids`.',
  })
  @ApiOkResponse({ type: AccessGroupView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async new(@Body() body: NewAccessGroupDto, @CurrentPrincipal() caller: Principal): Promise<AccessGroupView> {
    return toAccessGroupView(await this.store.create('access_group', undefined, body, caller));
  }

  @Post('update')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Change an access group', description: 'Fields that are missing are kept.' })
  @ApiOkResponse({ type: AccessGroupView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async update(@Body() body: UpdateAccessGroupDto, @CurrentPrincipal() caller: Principal): Promise<AccessGroupView> {
    return toAccessGroupView(await this.store.update('access_group', body.access_group_id, body, caller));
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete access groups',
    description:
      'All of them, or none when one does not exist. Keys and teams with one of them keep nothing in its place.',
  })
  @ApiOkResponse({ type: DeletedAccessGroupsView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(
    @Body() body: DeleteAccessGroupsDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<DeletedAccessGroupsView> {
    return { deleted_access_groups: await this.store.delete('access_group', body.access_group_ids, caller) };
  }

  @Get('info')
  @RequireRole('admin_view')
  @ApiOperation({ summary: 'Read one access group' })
  @ApiOkResponse({ type: AccessGroupView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: AccessGroupInfoQuery): Promise<AccessGroupView> {
    return toAccessGroupView(await this.store.get('access_group', query.access_group_id));
  }

  @Get('list')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List access groups',
    description: 'In order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [AccessGroupView] })
  @ApiProblems('invalid_request')
  async list(@Query() query: PageQuery, @Res({ passthrough: true }) response: Response): Promise<AccessGroupView[]> {
    const page = await this.store.list('access_group', pageLimit(query), readPosition(query));
    sendNextLink(response, '/access_group/list', query, page.next);
    return page.items.map(toAccessGroupView);
  }
}

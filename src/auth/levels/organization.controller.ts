import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { PageQuery } from '../../common/page.js';
import { CurrentPrincipal } from '../current-principal.decorator.js';
import { LevelSpend } from '../level-spend.js';
import type { Principal } from '../principal.js';
import {
  OrganizationInfoQuery,
  DeleteOrganizationsDto,
  NewOrganizationDto,
  UpdateOrganizationDto,
} from './organization.dto.js';
import { DeletedOrganizationsView, toOrganizationView, OrganizationView } from './organization.views.js';
import { IdentityStore } from './identity-store.js';
import { pageLimit, readPosition, sendNextLink } from './list-page.js';

/** Organisations: ceilings over teams and keys. */
@ApiTags('Organisations')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('organization')
export class OrganizationController {
  constructor(
    private readonly store: IdentityStore,
    private readonly spend: LevelSpend,
  ) {}

  @Post('new')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Make an organisation',
    description: 'Its grants are a ceiling over its teams and keys: they add nothing.',
  })
  @ApiOkResponse({ type: OrganizationView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async new(@Body() body: NewOrganizationDto, @CurrentPrincipal() caller: Principal): Promise<OrganizationView> {
    return toOrganizationView(await this.store.create('organization', body.organization_id, body, caller));
  }

  @Post('update')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Change an organisation', description: 'Fields that are missing are kept.' })
  @ApiOkResponse({ type: OrganizationView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async update(@Body() body: UpdateOrganizationDto, @CurrentPrincipal() caller: Principal): Promise<OrganizationView> {
    return toOrganizationView(await this.store.update('organization', body.organization_id, body, caller));
  }

  @Post('delete')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete organisations',
    description: 'All of them, or none when one does not exist. What refers to them stays and is refused everything.',
  })
  @ApiOkResponse({ type: DeletedOrganizationsView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  async delete(
    @Body() body: DeleteOrganizationsDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<DeletedOrganizationsView> {
    return { deleted_organizations: await this.store.delete('organization', body.organization_ids, caller) };
  }

  @Get('info')
  @RequireRole('admin_view')
  @ApiOperation({ summary: 'Read one organisation' })
  @ApiOkResponse({ type: OrganizationView })
  @ApiProblems('invalid_request', 'not_found')
  async info(@Query() query: OrganizationInfoQuery): Promise<OrganizationView> {
    const view = toOrganizationView(await this.store.get('organization', query.organization_id));
    return this.spend.addToOne('organization', view, idOf);
  }

  @Get('list')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List organisations',
    description: 'In order of creation. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [OrganizationView] })
  @ApiProblems('invalid_request')
  async list(@Query() query: PageQuery, @Res({ passthrough: true }) response: Response): Promise<OrganizationView[]> {
    const page = await this.store.list('organization', pageLimit(query), readPosition(query));
    sendNextLink(response, '/organization/list', query, page.next);
    return this.spend.addTo('organization', page.items.map(toOrganizationView), idOf);
  }
}

function idOf({ organization_id }: OrganizationView): string {
  return organization_id;
}

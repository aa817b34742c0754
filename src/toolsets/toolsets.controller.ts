import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import { pageLimit, readPosition, sendNextLink } from '../auth/levels/list-page.js';
import { hasAdminView, type Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { PageQuery } from '../common/page.js';
import { ServerVisibility } from '../mcp-servers/server-visibility.js';
import { NewToolsetDto, UpdateToolsetDto } from './toolset.dto.js';
import { ToolsetView, toToolsetView, WrittenToolsetView } from './toolset.views.js';
import { ToolsetsService, type WrittenToolset } from './toolsets.service.js';

const TOOLSET_ID = { name: 'toolset_id', example: '0d7a2f9e-53b5-4b59-9a0c-6f1d2c3b4a51' };

/** Toolsets: named selections of tools, with a door and grants of their own. */
@ApiTags('Toolsets')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/toolset')
export class ToolsetsController {
  constructor(
    private readonly toolsets: ToolsetsService,
    private readonly visibility: ServerVisibility,
  ) {}

  @Post()
  @HttpCode(201)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Make a toolset',
    description:
      'A selection of tools of any servers. Grants take it over in `mcp_toolsets`, and `/toolset/{toolset_name}/mcp` ' +
      'serves it to those who hold it. It never gives a tool that its server or another level refuses.',
  })
  @ApiCreatedResponse({ type: WrittenToolsetView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async create(@Body() body: NewToolsetDto, @CurrentPrincipal() caller: Principal): Promise<WrittenToolsetView> {
    return toWrittenView(await this.toolsets.create(body, caller));
  }

  @Put()
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Change a toolset',
    description:
      'A `toolset_name` or `tools` that is missing or null is kept, `tools: []` empties the toolset, and ' +
      '`description: null` clears the description. In force on every replica within two seconds.',
  })
  @ApiOkResponse({ type: WrittenToolsetView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async update(@Body() body: UpdateToolsetDto, @CurrentPrincipal() caller: Principal): Promise<WrittenToolsetView> {
    return toWrittenView(await this.toolsets.update(body, caller));
  }

  @Delete(':toolset_id')
  @HttpCode(202)
  @RequireRole('admin')
  @ApiParam(TOOLSET_ID)
  @ApiOperation({
    summary: 'Delete a toolset',
    description: 'With every grant that names it. Levels that held it keep what is left, even when that is nothing.',
  })
  @ApiAcceptedResponse({ description: 'It is gone, here and in all grants' })
  @ApiProblems('not_found')
  async delete(@Param('toolset_id') id: string, @CurrentPrincipal() caller: Principal): Promise<void> {
    await this.toolsets.delete(id, caller);
  }

  @Get()
  @RequireRole('any')
  @ApiOperation({
    summary: 'List toolsets',
    description:
      'All with an admin view, else those that the caller holds. In order of creation. The `Link: rel="next"` header ' +
      'leads to the next page.',
  })
  @ApiOkResponse({ type: [ToolsetView] })
  @ApiProblems('invalid_request')
  async list(
    @Query() query: PageQuery,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ToolsetView[]> {
    const page = await this.toolsets.list(caller, pageLimit(query), readPosition(query));
    sendNextLink(response, '/v1/mcp/toolset', query, page.next);
    const servers = this.serversFor(caller, request);
    return page.items.map((row) => toToolsetView(row, servers));
  }

  @Get(':toolset_id')
  @RequireRole('any')
  @ApiParam(TOOLSET_ID)
  @ApiOperation({
    summary: 'Read one toolset',
    description: 'For callers that hold it, and with an admin view. All others get a 403, whether there is one or not.',
  })
  @ApiOkResponse({ type: ToolsetView })
  @ApiProblems('not_found')
  async get(
    @Param('toolset_id') id: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<ToolsetView> {
    const row = await this.toolsets.get(id, caller);
    return toToolsetView(row, this.serversFor(caller, request));
  }

  private serversFor(caller: Principal, request: Request): ReadonlySet<string> | 'all' {
    return hasAdminView(caller) ? 'all' : this.visibility.visibleServerIds(caller, request);
  }
}

function toWrittenView({ row, missing }: WrittenToolset): WrittenToolsetView {
  return { ...toToolsetView(row, 'all'), missing_tools: missing };
}

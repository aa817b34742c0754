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
import { hasAdminView, type Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { MAX_PAGE_SIZE, nextLink, PageQuery, readCursor } from '../common/page.js';
import { McpServerViewDto } from './mcp-server-view.dto.js';
import { CreateMcpServerDto, UpdateMcpServerDto } from './mcp-server.dto.js';
import { readerOf, toAdminView, viewFor, type ServerView } from './mcp-server.views.js';
import { McpServersService, noSuchServer, type VisibleServers } from './mcp-servers.service.js';
import { ServerVisibility } from './server-visibility.js';

const PATH = '/v1/mcp/server';

/** The registry of servers. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/server')
export class McpServersController {
  constructor(
    private readonly servers: McpServersService,
    private readonly visibility: ServerVisibility,
  ) {}

  @Post()
  @HttpCode(201)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Register a server',
    description: 'Checked and stored; nothing is connected to. Secrets are encrypted and never returned.',
  })
  @ApiCreatedResponse({ type: McpServerViewDto })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async create(@Body() body: CreateMcpServerDto, @CurrentPrincipal() caller: Principal): Promise<ServerView> {
    return toAdminView(await this.servers.create(body.server_id ?? null, body, caller));
  }

  @Get()
  @RequireRole('any')
  @ApiOperation({
    summary: 'List servers',
    description:
      'All of them with an admin view, else those that the caller can reach. In order of creation; the ' +
      '`Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [McpServerViewDto] })
  @ApiProblems('invalid_request')
  async list(
    @Query() query: PageQuery,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ServerView[]> {
    const limit = query.limit ?? MAX_PAGE_SIZE;
    const page = await this.servers.list(this.visibleTo(caller, request), limit, readCursor(query.cursor));
    if (page.next !== null) response.setHeader('Link', nextLink(PATH, limit, page.next));
    return page.items.map((server) => viewFor(readerOf(caller), server));
  }

  @Get(':server_id')
  @RequireRole('any')
  @ApiOperation({
    summary: 'Read one server',
    description: 'With the last stored result of its health check: reading never connects to the server.',
  })
  @ApiParam({ name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  @ApiOkResponse({ type: McpServerViewDto })
  @ApiProblems('not_found')
  async read(
    @Param('server_id') serverId: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<ServerView> {
    const server = await this.servers.find(serverId, this.visibleTo(caller, request));
    if (server !== null) return viewFor(readerOf(caller), server);
    throw hasAdminView(caller)
      ? noSuchServer()
      : new GatehouseError('forbidden', 'The caller cannot reach this server.');
  }

  @Put()
  @HttpCode(202)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Change a server',
    description:
      'A missing field stays as it is, null puts the default back. `credentials` are merged; a change of `auth_type` ' +
      'or of the origin of `url` drops the stored ones unless new ones are sent.',
  })
  @ApiAcceptedResponse({ type: McpServerViewDto })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async update(@Body() body: UpdateMcpServerDto, @CurrentPrincipal() caller: Principal): Promise<ServerView> {
    return toAdminView(await this.servers.update(body.server_id, body, caller));
  }

  @Delete(':server_id')
  @HttpCode(202)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete a server',
    description: 'With every grant that names it: a later server with the same id or name starts with none.',
  })
  @ApiParam({ name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  @ApiAcceptedResponse({ description: 'Deleted; the answer has no body' })
  @ApiProblems('not_found')
  async delete(@Param('server_id') serverId: string): Promise<void> {
    await this.servers.delete(serverId);
  }

  private visibleTo(caller: Principal, request: Request): VisibleServers {
    return hasAdminView(caller) ? 'all' : this.visibility.visibleServerIds(caller, request);
  }
}

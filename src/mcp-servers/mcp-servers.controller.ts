import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import { isAdmin, type Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { MAX_PAGE_SIZE, nextLink } from '../common/page.js';
import { etagOf } from './if-match.js';
import { ListServersQuery, ReadServerQuery } from './list-servers.dto.js';
import { CreateMcpServerDto, UpdateMcpServerDto } from './mcp-server.dto.js';
import { ANY_VIEW, viewSchema } from './mcp-server.schemas.js';
import { readerOf, toAdminView, viewFor, type Reader, type ServerView } from './mcp-server.views.js';
import { McpServersService } from './mcp-servers.service.js';
import type { ServerDetails } from './server-details.js';
import { ServerListsService } from './server-lists.service.js';
import { ServerProbe } from './server-probe.js';
import { notReadable, ServerReaders } from './server-readers.js';
import { submitterOf } from './submissions/submitter.js';
import { UserSecretStore } from './user-secrets/user-secret-store.js';

const PATH = '/v1/mcp/server';
const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };
const ETAG = { description: 'For `If-Match` of an update', schema: { type: 'string', example: '"17"' } } as const;

/** The registry of servers. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/server')
export class McpServersController {
  constructor(
    private readonly servers: McpServersService,
    private readonly lists: ServerListsService,
    private readonly readers: ServerReaders,
    private readonly probe: ServerProbe,
    private readonly secrets: UserSecretStore,
  ) {}

  @Post()
  @HttpCode(201)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Register a server',
    description: 'Checked and stored; nothing is connected to. Secrets are encrypted and never returned.',
  })
  @ApiCreatedResponse({ schema: viewSchema('admin') })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async create(@Body() body: CreateMcpServerDto, @CurrentPrincipal() caller: Principal): Promise<ServerView> {
    return toAdminView(await this.servers.create(body.server_id ?? null, body, caller));
  }

  @Get()
  @RequireRole('any')
  @ApiOperation({
    summary: 'List servers',
    description:
      'All of them with an admin view, else those that the caller can reach. Those of gateway.yaml come first, the others ' +
      'in order of creation; the ' +
      '`Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ schema: { type: 'array', items: ANY_VIEW } })
  @ApiProblems('invalid_request', 'unknown_field', 'not_found')
  async list(
    @Query() query: ListServersQuery,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<readonly ServerView[]> {
    const page = await this.lists.list(query, caller, request);
    if (page.next !== null) response.setHeader('Link', nextLink(PATH, limitOf(query), page.next, filtersOf(query)));
    return page.items;
  }

  @Get(':server_id')
  @RequireRole('any')
  @ApiOperation({
    summary: 'Read one server',
    description:
      'By id, name or alias, with the last stored result of its health check: only `check=true`, for admins, connects ' +
      'to the server. Whoever submitted a server reads it in every state.',
  })
  @ApiParam(SERVER_ID)
  @ApiOkResponse({ schema: ANY_VIEW, headers: { ETag: ETAG } })
  @ApiProblems('invalid_request', 'unknown_field', 'not_found')
  async read(
    @Param('server_id') reference: string,
    @Query() query: ReadServerQuery,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ServerView> {
    const isCheck = query.check === 'true';
    if (isCheck && !isAdmin(caller)) throw new GatehouseError('forbidden', 'Only admins have servers checked.');
    const server = await this.servers.find(reference);
    const reader = server === null ? null : this.readerOfOne(server, caller, request);
    if (server === null || reader === null) throw notReadable(caller);
    if (isCheck) await this.probe.check([server.server_id]);
    const shown = isCheck ? ((await this.servers.find(server.server_id)) ?? server) : server;
    response.setHeader('ETag', etagOf(shown));
    response.setHeader('Cache-Control', 'no-store');
    return viewFor(reader, shown, { hasUserCredential: await this.hasOwnKey(shown, caller) });
  }

  @Put()
  @HttpCode(202)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Change a server',
    description:
      'A missing field stays as it is, null puts the default back. `credentials` are merged; a change of `auth_type` ' +
      'or of the origin of `url` or `token_url` drops the stored ones unless new ones are sent, and what users stored. ' +
      'With `If-Match` or `updated_at` a change by somebody else in between is a 409.',
  })
  @ApiHeader({ name: 'If-Match', required: false, description: 'The ETag that was read' })
  @ApiAcceptedResponse({ schema: viewSchema('admin'), headers: { ETag: ETAG } })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async update(
    @Body() body: UpdateMcpServerDto,
    @CurrentPrincipal() caller: Principal,
    @Req() { headers }: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ServerView> {
    const precondition = { ifMatch: headers['if-match'], updatedAt: body.updated_at };
    const server = await this.servers.update(body.server_id, body, caller, precondition);
    response.setHeader('ETag', etagOf(server));
    return toAdminView(server);
  }

  @Delete(':server_id')
  @HttpCode(202)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Delete a server',
    description: 'With every grant that names it: a later server with the same id or name starts with none.',
  })
  @ApiParam(SERVER_ID)
  @ApiAcceptedResponse({ description: 'Deleted; the answer has no body' })
  @ApiProblems('not_found', 'conflict')
  async delete(@Param('server_id') serverId: string, @CurrentPrincipal() caller: Principal): Promise<void> {
    await this.servers.delete(serverId, caller);
  }

  /** null: the caller may not know of it. */
  private readerOfOne(server: ServerDetails, caller: Principal, request: Request): Reader | null {
    const reachable = this.readers.reachable(caller, request);
    const reader = readerOf(caller);
    const isSubmitter = server.submitted_by === submitterOf(caller);
    if (isSubmitter && reader === 'nonAdmin') return 'submitter';
    return reachable === 'all' || reachable.has(server.server_id) || isSubmitter ? reader : null;
  }

  private async hasOwnKey(server: ServerDetails, { userId }: Principal): Promise<boolean | null> {
    if (!server.is_byok || userId === null) return null;
    return (await this.secrets.status(userId, server.server_id)) !== null;
  }
}

function limitOf(query: ListServersQuery): number {
  return query.limit ?? MAX_PAGE_SIZE;
}

/** What the list is narrowed to. */
function filtersOf({ team_id, is_public, has_user_credential }: ListServersQuery): Record<string, string> {
  return {
    ...(team_id !== undefined && { team_id }),
    ...(is_public !== undefined && { is_public }),
    ...(has_user_credential !== undefined && { has_user_credential }),
  };
}

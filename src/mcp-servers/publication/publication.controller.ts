import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentPrincipal } from '../../auth/current-principal.decorator.js';
import { hasAdminView, type Principal } from '../../auth/principal.js';
import { PublicUrl } from '../../auth/public-url.js';
import { Public, RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { CONFIG, type Config } from '../../config/config.js';
import { ServerReaders } from '../server-readers.js';
import { ServerRegistry } from '../server-registry.js';
import { ServerVisibility } from '../server-visibility.js';
import { OptionalCaller } from './optional-caller.js';
import { PublicServers } from './public-servers.service.js';
import { AccessGroupNamesDto, ClientIpDto, MakePublicDto, PublicServersDto, RegistryDto } from './publication.dto.js';
import { registryDocument } from './registry-document.js';

/** What is told about servers besides their records. */
@ApiTags('Publishing and discovery')
@ApiBearerAuth('gatehouse-key')
@Controller('v1/mcp')
export class PublicationController {
  constructor(
    private readonly publicServers: PublicServers,
    private readonly readers: ServerReaders,
    private readonly registry: ServerRegistry,
    private readonly callers: OptionalCaller,
    private readonly visibility: ServerVisibility,
    private readonly publicUrl: PublicUrl,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('make_public')
  @HttpCode(202)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Choose the public servers',
    description: 'Their names are then told to everybody, at `/public/mcp_hub`. To use them still takes a grant.',
  })
  @ApiAcceptedResponse({ type: PublicServersDto })
  @ApiProblems(...COMMON_PROBLEMS, ...BODY_PROBLEMS, 'not_found', 'conflict')
  async makePublic(@Body() body: MakePublicDto, @CurrentPrincipal() caller: Principal): Promise<PublicServersDto> {
    const ids = await this.publicServers.replace(body.mcp_server_ids, caller);
    return {
      message: 'The public servers were replaced.',
      public_mcp_servers: [...ids],
      updated_by: caller.userId ?? caller.id,
    };
  }

  @Get('registry.json')
  @Public()
  @ApiOperation({
    summary: 'Servers in the shape of the official MCP registry',
    description:
      'Without a credential the public servers, else those that the caller can reach. Off unless ' +
      '`general_settings.enable_mcp_registry` is true.',
  })
  @ApiOkResponse({ type: RegistryDto })
  @ApiProblems('not_found', 'unauthenticated', 'forbidden_route', 'rate_limited', 'internal_error')
  async document(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<RegistryDto> {
    if (!this.config.management.registryEnabled) {
      throw new GatehouseError('not_found', 'The MCP registry is not enabled.');
    }
    const caller = await this.callers.of(request, response);
    const servers =
      caller === null
        ? this.registry.current.servers.filter(({ isPublic }) => isPublic === true)
        : this.readers.reachableServers(caller, request);
    return registryDocument(this.publicUrl.base, servers);
  }

  @Get('access_groups')
  @RequireRole('any')
  @ApiOperation({
    summary: 'List access groups of servers',
    description: 'Those of the servers that the caller can reach; with an admin view all. Sorted.',
  })
  @ApiOkResponse({ type: AccessGroupNamesDto })
  @ApiProblems(...COMMON_PROBLEMS)
  accessGroups(@CurrentPrincipal() caller: Principal, @Req() request: Request): AccessGroupNamesDto {
    const servers = hasAdminView(caller)
      ? this.registry.current.servers
      : this.readers.reachableServers(caller, request);
    return { access_groups: [...new Set(servers.flatMap(({ accessGroups }) => accessGroups))].toSorted() };
  }

  @Get('network/client-ip')
  @RequireRole('any')
  @ApiOperation({
    summary: 'The own address as the gateway sees it',
    description: 'By `TRUSTED_PROXIES`. Decides whether a caller is in the internal network.',
  })
  @ApiOkResponse({ type: ClientIpDto })
  @ApiProblems(...COMMON_PROBLEMS)
  clientIp(@Req() request: Request): ClientIpDto {
    return { ip: this.visibility.clientAddress(request) };
  }
}

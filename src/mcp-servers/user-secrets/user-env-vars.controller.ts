import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CurrentPrincipal } from '../../auth/current-principal.decorator.js';
import type { Principal } from '../../auth/principal.js';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { BYOK_SECRET } from '../env-variables.js';
import { ServerReaders } from '../server-readers.js';
import { callingUser } from './calling-user.js';
import { UserEnvVarsService } from './user-env-vars.service.js';
import { UserEnvVarsDto, UserEnvVarsStatusDto } from './user-secrets.dto.js';

const PATH = 'server/:server_id/user-env-vars';
const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };

/** Values of the calling user for variables of static headers. They can be written and removed, never read. */
@ApiTags('User credentials')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS, 'invalid_request')
@Controller('v1/mcp')
export class UserEnvVarsController {
  constructor(
    private readonly variables: UserEnvVarsService,
    private readonly readers: ServerReaders,
  ) {}

  @Get('user-env-vars/status')
  @RequireRole('any')
  @ApiOperation({
    summary: 'Which variables has the calling user to fill in?',
    description: 'Of all servers that the caller can reach and that ask for some.',
  })
  @ApiOkResponse({ type: [UserEnvVarsStatusDto] })
  async all(@CurrentPrincipal() caller: Principal, @Req() request: Request): Promise<UserEnvVarsStatusDto[]> {
    const { userId } = caller;
    if (userId === null) return [];
    const servers = this.readers
      .reachableServers(caller, request)
      .filter(({ userSecrets = [] }) => userSecrets.some((name) => name !== BYOK_SECRET));
    const statuses: UserEnvVarsStatusDto[] = [];
    for (const { id } of servers) statuses.push(await this.variables.status(userId, id));
    return statuses;
  }

  @Get(PATH)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({ summary: 'Which variables of a server has the calling user filled in?' })
  @ApiOkResponse({ type: UserEnvVarsStatusDto })
  @ApiProblems('not_found')
  status(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<UserEnvVarsStatusDto> {
    const { id } = this.readers.require(reference, caller, request);
    return this.variables.status(callingUser(caller), id);
  }

  @Post(PATH)
  @HttpCode(200)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({ summary: 'Store values for variables of a server', description: 'Encrypted, and never returned.' })
  @ApiOkResponse({ type: UserEnvVarsStatusDto })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  store(
    @Param('server_id') reference: string,
    @Body() body: UserEnvVarsDto,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<UserEnvVarsStatusDto> {
    const { id } = this.readers.require(reference, caller, request);
    return this.variables.store({ userId: callingUser(caller), serverId: id, author: caller }, body.values);
  }

  @Delete(PATH)
  @RequireRole('any')
  @ApiParam(SERVER_ID)
  @ApiOperation({ summary: 'Remove all values of the calling user for a server' })
  @ApiOkResponse({ type: UserEnvVarsStatusDto })
  @ApiProblems('not_found', 'conflict')
  clear(
    @Param('server_id') reference: string,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<UserEnvVarsStatusDto> {
    const { id } = this.readers.require(reference, caller, request);
    return this.variables.clear({ userId: callingUser(caller), serverId: id, author: caller });
  }
}

import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { ServerHealthQuery } from './list-servers.dto.js';
import type { HealthStatus } from './mcp-server.entity.js';
import { ServerHealthStore } from './server-health.store.js';
import { ServerProbe } from './server-probe.js';
import { ServerReaders } from './server-readers.js';

/** Health of one server in a list. */
export class ServerStatusDto {
  @ApiProperty({ example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
  server_id!: string;

  @ApiProperty({ enum: ['healthy', 'unhealthy', 'unknown'] })
  status!: HealthStatus;
}

/** Health of the servers that a caller can reach. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/server/health')
export class ServerHealthController {
  constructor(
    private readonly readers: ServerReaders,
    private readonly health: ServerHealthStore,
    private readonly probe: ServerProbe,
  ) {}

  @Get()
  @RequireRole('any')
  @ApiOperation({
    summary: 'Health of servers',
    description:
      'The last stored results, of what the caller can reach; with an admin view of all. Only `refresh=true` ' +
      'connects to servers. Ids that the caller cannot reach are left out.',
  })
  @ApiOkResponse({ type: [ServerStatusDto] })
  @ApiProblems('invalid_request', 'unknown_field')
  async list(
    @Query() query: ServerHealthQuery,
    @CurrentPrincipal() caller: Principal,
    @Req() request: Request,
  ): Promise<ServerStatusDto[]> {
    const reachable = this.readers.reachableServers(caller, request).map(({ id }) => id);
    const asked = query.server_ids === undefined ? null : new Set(query.server_ids);
    const ids = reachable.filter((id) => asked === null || asked.has(id));
    if (query.refresh === 'true') await this.probe.check(ids);
    const statuses = await this.health.statuses(ids);
    return ids.map((id) => ({ server_id: id, status: statuses.get(id) ?? 'unknown' }));
  }
}

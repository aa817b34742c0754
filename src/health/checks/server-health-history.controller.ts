import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { HealthHistory } from './health-history.js';
import { ServerHealthHistoryView, toHistoryView } from './server-health-history.dto.js';

/** What the background checks of a server found. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/server/:server_id/health')
export class ServerHealthHistoryController {
  constructor(
    private readonly registry: ServerRegistry,
    private readonly history: HealthHistory,
  ) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'Health of a server over the last 24 hours',
    description:
      'By id, name or alias. Checks in a row that found the same are one entry. Nothing is connected to; the last ' +
      'result alone is part of the server itself.',
  })
  @ApiOkResponse({ type: ServerHealthHistoryView })
  @ApiProblems('not_found')
  async read(@Param('server_id') reference: string): Promise<ServerHealthHistoryView> {
    const server = this.registry.current.resolve(reference);
    if (server === undefined) throw new GatehouseError('not_found', 'There is no active server with this id or name.');
    return toHistoryView(server.id, await this.history.of(server.id));
  }
}

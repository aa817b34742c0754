import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { API_CATALOGUE } from './api-catalogue.js';
import { DiscoverQuery, DiscoveryDto, OpenApiRegistryDto } from './discovery.dto.js';
import { SERVER_CATALOGUE } from './server-catalogue.js';

const CATEGORIES = [...new Set(SERVER_CATALOGUE.map(({ category }) => category))].toSorted();

/** The catalogues that come with the gateway. */
@ApiTags('Publishing and discovery')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp')
export class DiscoveryController {
  @Get('discover')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'Known servers to choose from',
    description: 'Comes with the gateway; nothing is fetched. Look at `check` before you register one.',
  })
  @ApiOkResponse({ type: DiscoveryDto })
  @ApiProblems('invalid_request', 'unknown_field')
  discover(@Query() { query, category }: DiscoverQuery): DiscoveryDto {
    const wanted = query?.trim().toLowerCase() ?? '';
    const servers = SERVER_CATALOGUE.filter(
      (server) =>
        (category === undefined || category === '' || server.category === category) &&
        [server.name, server.title, server.description].some((text) => text.toLowerCase().includes(wanted)),
    );
    return { servers, categories: CATEGORIES };
  }

  @Get('openapi-registry')
  @RequireRole('admin_view')
  @ApiOperation({ summary: 'Known APIs with an OpenAPI document', description: 'Comes with the gateway.' })
  @ApiOkResponse({ type: OpenApiRegistryDto })
  apis(): OpenApiRegistryDto {
    return { apis: [...API_CATALOGUE] };
  }
}

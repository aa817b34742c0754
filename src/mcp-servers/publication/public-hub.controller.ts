import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../../common/access.decorator.js';
import { ApiProblems } from '../../common/api-problems.decorator.js';
import { PublicServerDto } from './publication.dto.js';
import { PublicServers } from './public-servers.service.js';

/** What everybody may know, without a credential. */
@ApiTags('Publishing and discovery')
@Controller('public/mcp_hub')
export class PublicHubController {
  constructor(private readonly servers: PublicServers) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'List the public servers', description: 'Those that `POST /v1/mcp/make_public` named.' })
  @ApiOkResponse({ type: [PublicServerDto] })
  @ApiProblems('internal_error')
  list(): PublicServerDto[] {
    return this.servers.list();
  }
}

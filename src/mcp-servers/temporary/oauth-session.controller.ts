import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { randomUUID } from 'node:crypto';
import { CurrentPrincipal } from '../../auth/current-principal.decorator.js';
import type { Principal } from '../../auth/principal.js';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { CreateMcpServerDto } from '../mcp-server.dto.js';
import { viewSchema } from '../mcp-server.schemas.js';
import { toAdminView, type ServerView } from '../mcp-server.views.js';
import { DraftSettings } from './draft-settings.service.js';
import { detailsOf } from '../draft-details.js';
import { TemporaryServers } from './temporary-servers.js';

/** A server for as long as its OAuth set-up takes. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/server/oauth')
export class OAuthSessionController {
  constructor(
    private readonly drafts: DraftSettings,
    private readonly temporary: TemporaryServers,
  ) {}

  @Post('session')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Keep a server for its OAuth set-up',
    description:
      'For 300 seconds, encrypted, in no registry. With the `server_id` of a stored server and no `credentials`, the ' +
      'stored ones are used, as long as `auth_type` and the origins of `url` and `token_url` are the same.',
  })
  @ApiOkResponse({ schema: viewSchema('admin') })
  @ApiProblems(...BODY_PROBLEMS)
  async open(@Body() body: CreateMcpServerDto, @CurrentPrincipal() caller: Principal): Promise<ServerView> {
    const settings = await this.drafts.complete(body.server_id ?? null, body);
    const { id } = await this.temporary.store(body.server_id ?? randomUUID(), settings);
    return toAdminView(detailsOf(id, settings, caller.id));
  }
}

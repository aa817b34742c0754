import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import { HttpCallers } from '../permissions/http-caller.js';
import { RestCallService } from './rest-call.service.js';
import { PublicToolListDto } from './rest.dto.js';

/** `GET /v1/mcp/tools`: what the caller would see at `/mcp`. */
@ApiTags('MCP servers')
@ApiBearerAuth('gatehouse-key')
@Controller('v1/mcp/tools')
export class ToolsController {
  constructor(
    private readonly calls: RestCallService,
    private readonly callers: HttpCallers,
  ) {}

  @Get()
  @RequireRole('any')
  @ApiOperation({
    summary: 'List every tool that the caller can reach',
    description: 'Names are the public ones of the aggregate door /mcp. Servers that cannot be listed are left out.',
  })
  @ApiOkResponse({ type: PublicToolListDto })
  @ApiProblems('guardrail_denied', 'unauthenticated', 'forbidden_route', 'guardrail_unavailable')
  list(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PublicToolListDto> {
    return this.calls.listPublic(this.callers.read(request, response));
  }
}

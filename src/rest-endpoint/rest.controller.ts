import { Body, Controller, Get, HttpCode, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { admit } from '../audit/refusal.filter.js';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import type { JsonObject } from '../common/json.js';
import { HttpCall } from '../auth/http-call.js';
import { HttpCallers } from '../permissions/http-caller.js';
import { RestCallService } from './rest-call.service.js';
import { RestRefusalFilter } from './rest-refusal.filter.js';
import { CallToolDto, ListToolsQueryDto, RestToolListDto, ToolResultDto } from './rest.dto.js';

/** The REST door: the same two roads as the MCP doors, in plain HTTP. */
@ApiTags('Tools over REST')
@ApiBearerAuth('gatehouse-key')
@UseFilters(RestRefusalFilter)
@Controller('mcp-rest/tools')
export class RestController {
  constructor(
    private readonly calls: RestCallService,
    private readonly callers: HttpCallers,
  ) {}

  @Get('list')
  @RequireRole('any')
  @ApiOperation({
    summary: 'List the tools that the caller may call',
    description:
      'Names are those of the upstream; call them together with the server_id of their mcp_info. With a toolset_name the ' +
      'list is that of the toolset, and tools that it renames or fixes arguments of are called with the toolset_name.',
  })
  @ApiOkResponse({ type: RestToolListDto })
  @ApiProblems(
    'invalid_request',
    'unknown_field',
    'guardrail_denied',
    'unauthenticated',
    'forbidden_route',
    'forbidden_scope',
    'guardrail_unavailable',
  )
  list(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) response: Response,
    @Query() query: ListToolsQueryDto,
  ): Promise<RestToolListDto> {
    return this.calls.list(this.callers.read(request, response), query);
  }

  @Post('call')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Call a tool',
    description: 'Takes the same road as an MCP call: permissions, guardrails, one audit record.',
  })
  @ApiOkResponse({
    type: ToolResultDto,
    description: 'The result as the tool gave it; isError is the tool’s own word.',
  })
  @ApiProblems(
    'invalid_request',
    'unknown_field',
    'malformed_json',
    'guardrail_denied',
    'hook_headers_unsupported',
    'unauthenticated',
    'forbidden_scope',
    'unknown_tool',
    'invalid_arguments',
    'rate_limited',
    'budget_exceeded',
    'upstream_unavailable',
    'upstream_protocol_error',
    'upstream_auth_required',
    'guardrail_unavailable',
    'dependency_unavailable',
    'upstream_timeout',
  )
  call(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) response: Response,
    @Body() body: CallToolDto,
  ): Promise<JsonObject> {
    admit(request);
    const caller = this.callers.read(request, response);
    return this.calls.call(caller, body, new HttpCall(caller.principal, response));
  }
}

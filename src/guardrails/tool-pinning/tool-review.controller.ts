import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../auth/current-principal.decorator.js';
import type { Principal } from '../../auth/principal.js';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { ToolDecisionDto, ToolReviewView } from './tool-review.dto.js';
import { ToolReviewService } from './tool-review.service.js';

const DECISION =
  ' Every tool is named with the hash under which it was seen; if one is a different one by now, nothing is decided and ' +
  'the answer is 409. Answers with the list as it is then.';

/** Approving the tools of a server, for the guardrail `tool_pinning`. */
@ApiTags('Guardrails')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS, 'not_found')
@ApiParam({ name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' })
@Controller('v1/mcp/server/:server_id/tools')
export class ToolReviewController {
  constructor(private readonly reviews: ToolReviewService) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'Compare the tools of a server with what was pinned',
    description: 'Current and pinned definition, their difference, and whether the tool can be used.',
  })
  @ApiOkResponse({ type: ToolReviewView })
  review(@Param('server_id') serverId: string): Promise<ToolReviewView> {
    return this.reviews.review(serverId);
  }

  @Post('approve')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Approve tools', description: `They can be seen and called again.${DECISION}` })
  @ApiOkResponse({ type: ToolReviewView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  approve(
    @Param('server_id') serverId: string,
    @Body() { tools }: ToolDecisionDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<ToolReviewView> {
    return this.reviews.decide(serverId, 'approve', tools, caller);
  }

  @Post('reject')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Reject tools',
    description: `They stay hidden and refused, also if they were pinned.${DECISION}`,
  })
  @ApiOkResponse({ type: ToolReviewView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  reject(
    @Param('server_id') serverId: string,
    @Body() { tools }: ToolDecisionDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<ToolReviewView> {
    return this.reviews.decide(serverId, 'reject', tools, caller);
  }

  @Post('unpin')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({ summary: 'Forget pins', description: `The tools are new again and wait for an approval.${DECISION}` })
  @ApiOkResponse({ type: ToolReviewView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  unpin(
    @Param('server_id') serverId: string,
    @Body() { tools }: ToolDecisionDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<ToolReviewView> {
    return this.reviews.decide(serverId, 'unpin', tools, caller);
  }
}

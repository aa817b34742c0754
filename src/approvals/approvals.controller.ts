import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { isUUID } from 'class-validator';
import type { Response } from 'express';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { nextLink, notACursor, readCursor } from '../common/page.js';
import { ApprovalView } from './approval.views.js';
import { ApprovalParams, ApprovalsQuery, DecideApprovalDto } from './approvals.dto.js';
import { ApprovalsService } from './approvals.service.js';

const PATH = '/v1/mcp/approvals';
/** Rows hold whole arguments. */
const DEFAULT_LIMIT = 100;

/** Calls that a guardrail or an argument rule wants a person to decide on. */
@ApiTags('Approvals')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/approvals')
export class ApprovalsController {
  constructor(private readonly approvals: ApprovalsService) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List calls that need an approval',
    description:
      'The newest first, 100 when no `limit` is given. The `Link: rel="next"` header leads to the next page.',
  })
  @ApiOkResponse({ type: [ApprovalView] })
  @ApiProblems('invalid_request')
  async list(
    @Query() { status, limit = DEFAULT_LIMIT, cursor }: ApprovalsQuery,
    @CurrentPrincipal() reader: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<readonly ApprovalView[]> {
    const after = readCursor(cursor);
    if (after !== null && !isUUID(after.id)) throw notACursor();
    const { items, next } = await this.approvals.list(status, limit, after, reader);
    const path = status === undefined ? PATH : `${PATH}?status=${status}`;
    if (next !== null) response.setHeader('Link', linkTo(path, limit, next));
    return items;
  }

  @Get(':id')
  @RequireRole('admin_view')
  @ApiOperation({ summary: 'Read one request for approval' })
  @ApiOkResponse({ type: ApprovalView })
  @ApiProblems('invalid_request', 'not_found')
  get(@Param() { id }: ApprovalParams, @CurrentPrincipal() reader: Principal): Promise<ApprovalView> {
    return this.approvals.get(id, reader);
  }

  @Post(':id')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    operationId: 'decideApproval',
    summary: 'Approve or deny a call',
    description:
      'An approval lets the caller make this very call once, to this server, with these arguments, until it expires. ' +
      'A denial refuses it for the same time. Who asked for the call cannot decide on it, unless `APPROVE_OWN_CALLS` ' +
      'says so. What nobody decides on in time is denied.',
  })
  @ApiOkResponse({ type: ApprovalView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  decide(
    @Param() { id }: ApprovalParams,
    @Body() body: DecideApprovalDto,
    @CurrentPrincipal() approver: Principal,
  ): Promise<ApprovalView> {
    return this.approvals.decide(id, body, approver);
  }
}

function linkTo(path: string, limit: number, next: Parameters<typeof nextLink>[2]): string {
  const link = nextLink(PATH, limit, next);
  return path === PATH ? link : link.replace(`${PATH}?`, `${path}&`);
}

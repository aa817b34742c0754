import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import type { ListedTool } from '../catalog/catalog.types.js';
import { ListingService } from '../catalog/listing.service.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import { ERROR_CODES } from '../common/error-codes.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { HttpCallers } from '../permissions/http-caller.js';
import { PolicyService } from '../permissions/policy.service.js';
import { presentedIn } from '../permissions/presented-headers.js';
import { filterHeaders } from './filter-outcome.js';
import { lastUserText } from './last-user-text.js';
import { asFunctionTool } from './request-tool.js';
import { TestFilterDto, TestFilterResultDto } from './semantic-filter.dto.js';
import { SemanticFilterService } from './semantic-filter.service.js';

const ROUTE = '/v1/mcp/semantic-filter/test';

/** Shows what the filter would do with a request, without asking a model to do it. */
@ApiTags('Semantic filter')
@ApiBearerAuth('gatehouse-key')
@Controller('v1/mcp/semantic-filter')
export class SemanticFilterController {
  constructor(
    private readonly filter: SemanticFilterService,
    private readonly listings: ListingService,
    private readonly policy: PolicyService,
    private readonly callers: HttpCallers,
  ) {}

  @Post('test')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Try which tools the semantic filter would keep',
    description: 'Works on what the caller may use. The headers of the answer are those that an LLM request would get.',
  })
  @ApiOkResponse({ type: TestFilterResultDto })
  @ApiProblems(
    'invalid_request',
    'unknown_field',
    'guardrail_denied',
    'unauthenticated',
    'forbidden_route',
    'guardrail_unavailable',
  )
  async test(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) response: Response,
    @Body() body: TestFilterDto,
  ): Promise<TestFilterResultDto> {
    const listed = await this.listed(request, response);
    const tools = body.tools ?? listed.map(asFunctionTool);
    const query = body.query ?? lastUserText(body.messages);
    const outcome = await this.filter.filter({ tools, query, listed });
    response.set(filterHeaders(outcome));
    return {
      tools: [...outcome.tools],
      selected: [...outcome.selected],
      before: outcome.before,
      after: outcome.after,
      ran: outcome.off === null,
      reason: outcome.off,
    };
  }

  private async listed(request: AuthenticatedRequest, response: Response): Promise<readonly ListedTool[]> {
    const { principal, external, headers } = this.callers.read(request, response);
    const decision = this.policy.access(principal, {
      route: ROUTE,
      scope: { kind: 'all' },
      serversHeader: null,
      external,
      ...presentedIn(headers),
    });
    if (!decision.granted) throw new GatehouseError(decision.code, ERROR_CODES[decision.code].title);
    return (await this.listings.list(decision, { principal, origin: 'llm' })).tools;
  }
}

import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { PolicyService } from '../permissions/policy.service.js';
import { ExplainDto } from './explain.dto.js';
import { ExplainService } from './explain.service.js';
import { ExplanationView } from './explain.views.js';
import { SimulateDto } from './simulate.dto.js';
import { SimulationView } from './simulate.views.js';
import { SimulationService } from './simulation.service.js';

/** Why something is allowed or refused, and what a change of grants or rules would do. */
@ApiTags('Permissions')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/permissions')
export class PermissionsController {
  constructor(
    private readonly explanations: ExplainService,
    private readonly simulations: SimulationService,
    private readonly policy: PolicyService,
  ) {}

  @Post('explain')
  @HttpCode(200)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Explain a permission decision',
    description:
      'The decision and the rules that it was made by, from the code that decides calls. With an admin view about ' +
      'any key or caller, else about the calling one. Limits, budgets and guardrails are not looked at.',
  })
  @ApiOkResponse({ type: ExplanationView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  explain(
    @Body() body: ExplainDto,
    @CurrentPrincipal() principal: Principal,
    @Req() { socket, headers }: AuthenticatedRequest,
  ): Promise<ExplanationView> {
    const forwardedFor = headers['x-forwarded-for'];
    const { external } = this.policy.externalAddress(
      socket.remoteAddress ?? null,
      forwardedFor === undefined ? null : String(forwardedFor),
    );
    return this.explanations.explain(body, { principal, external });
  }

  @Post('simulate')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Try out a change of grants or rules',
    description:
      'Who would lose or gain which tools, and which of the recorded calls that succeed now would be refused, by the ' +
      'code that decides calls. A draft that could not be saved is refused like the update. Nothing is written. ' +
      'Records hold no arguments: calls whose outcome depends on them are counted as undecidable. Limits, budgets, ' +
      'guardrails, the header x-mcp-servers and callers with access tokens are not simulated.',
  })
  @ApiOkResponse({ type: SimulationView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  simulate(@Body() body: SimulateDto, @CurrentPrincipal() principal: Principal): Promise<SimulationView> {
    return this.simulations.simulate(body, principal);
  }
}

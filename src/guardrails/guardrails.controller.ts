import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { GuardrailList } from './guardrail-list.js';
import { GuardrailTestService } from './guardrail-test.service.js';
import { TestGuardrailsDto } from './guardrails.dto.js';
import { GuardrailListView, GuardrailTestView } from './guardrails.views.js';

/** The hooks that are loaded, and a try-out of them. */
@ApiTags('Guardrails')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/guardrails')
export class GuardrailsController {
  constructor(
    private readonly list: GuardrailList,
    private readonly tests: GuardrailTestService,
  ) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List guardrails',
    description: 'Every hook that is loaded, with what it did since this replica started.',
  })
  @ApiOkResponse({ type: GuardrailListView })
  read(): GuardrailListView {
    return this.list.read();
  }

  @Post('test')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Try a call out without sending it',
    description:
      'The call takes the whole road in the code that real calls take: permissions, guards, hooks, and the check of ' +
      'changed arguments. It is not sent, uses up no limit and leaves no audit record. Hooks that ask somebody else ' +
      'do so.',
  })
  @ApiOkResponse({ type: GuardrailTestView })
  @ApiProblems(...BODY_PROBLEMS, 'not_found')
  test(@Body() body: TestGuardrailsDto, @CurrentPrincipal() caller: Principal): Promise<GuardrailTestView> {
    return this.tests.test(body, caller);
  }
}

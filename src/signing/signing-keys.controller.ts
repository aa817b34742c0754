import { Body, Controller, Get, HttpCode, Logger, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../auth/current-principal.decorator.js';
import type { Principal } from '../auth/principal.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../common/api-problems.decorator.js';
import { RotateKeysDto, SigningKeyListView, toKeyView } from './signing-keys.dto.js';
import { SigningKeys } from './signing-keys.js';

/** The keys of the gateway itself. Private halves never leave it. */
@ApiTags('Signing keys')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/signing-keys')
export class SigningKeysController {
  private readonly logger = new Logger(SigningKeysController.name);

  constructor(private readonly signing: SigningKeys) {}

  @Get()
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List the signing keys',
    description: 'Those that are published, with what they do. Empty when no guardrail signs.',
  })
  @ApiOkResponse({ type: SigningKeyListView })
  list(): SigningKeyListView {
    return { keys: this.signing.describe().map(toKeyView) };
  }

  @Post('rotate')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiOperation({
    summary: 'Replace the signing keys',
    description:
      'A new key is published at once and signs ten minutes later; the old one stays published for a day. With ' +
      '`immediately` the new one signs now and all old ones are gone, those of other algorithms and those from before ' +
      'MCP_JWT_SIGNING_KEY too: for a key that was stolen.',
  })
  @ApiOkResponse({ type: SigningKeyListView })
  @ApiProblems(...BODY_PROBLEMS, 'conflict')
  async rotate(@Body() body: RotateKeysDto, @CurrentPrincipal() caller: Principal): Promise<SigningKeyListView> {
    const atOnce = body.immediately ?? false;
    await this.signing.rotate(atOnce, caller);
    this.logger.log(`the signing keys were replaced${atOnce ? ' at once' : ''} by ${caller.id}`);
    return this.list();
  }
}

import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal } from '../../auth/current-principal.decorator.js';
import { isAdmin, type Principal } from '../../auth/principal.js';
import { RequireRole } from '../../common/access.decorator.js';
import { ApiProblems, BODY_PROBLEMS, COMMON_PROBLEMS } from '../../common/api-problems.decorator.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { CONFIG, type Config } from '../../config/config.js';
import { viewSchema } from '../mcp-server.schemas.js';
import { readerOf, toAdminView, viewFor, type ServerView } from '../mcp-server.views.js';
import { readSubmission } from './read-submission.js';
import { ApproveServerDto, RegisterServerDto, RejectServerDto, SubmissionsView } from './submission.dto.js';
import { SubmissionsService } from './submissions.service.js';

const SERVER_ID = { name: 'server_id', example: 'f1b7a6d0-5c1e-4f5e-8a53-0d3a1cf3c001' };

/** From a proposal to a server: submitted by a caller, let in by an admin. */
@ApiTags('Submissions')
@ApiBearerAuth('gatehouse-key')
@ApiProblems(...COMMON_PROBLEMS)
@Controller('v1/mcp/server')
export class SubmissionsController {
  constructor(
    private readonly submissions: SubmissionsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('register')
  @HttpCode(201)
  @RequireRole('any')
  @ApiOperation({
    summary: 'Submit a server for review',
    description:
      'For callers whose key is in a team; admins register servers themselves. Nothing is connected to, and nobody ' +
      'can use the server, until an admin approves it. Fields that only an admin sets, credentials among them, are ' +
      'a 400 `forbidden_field`.',
  })
  @ApiBody({ type: RegisterServerDto })
  @ApiCreatedResponse({ schema: viewSchema('admin'), description: 'What was submitted' })
  @ApiProblems(...BODY_PROBLEMS, 'forbidden_field')
  async register(@Body() body: unknown, @CurrentPrincipal() caller: Principal): Promise<ServerView> {
    if (isAdmin(caller)) {
      throw new GatehouseError('forbidden', 'Admins register servers with POST /v1/mcp/server.');
    }
    if (caller.teamId === null) {
      throw new GatehouseError('invalid_request', 'Servers are submitted with a key that is in a team.');
    }
    const submission = await readSubmission(body, this.config.management.requiredFields);
    return toAdminView(await this.submissions.submit(submission, caller));
  }

  @Get('submissions')
  @RequireRole('admin_view')
  @ApiOperation({
    summary: 'List submissions',
    description:
      'Newest first, 500 at most, with the number in each state. `content_hash` names what is to be approved.',
  })
  @ApiOkResponse({ type: SubmissionsView })
  async list(@CurrentPrincipal() caller: Principal): Promise<SubmissionsView> {
    const { counts, items } = await this.submissions.list();
    const { pending_review, active, rejected } = counts;
    return {
      ...{ total: pending_review + active + rejected + counts.draft, pending_review, active, rejected },
      items: items.map(({ server, contentHash }) => ({
        ...viewFor(readerOf(caller), server),
        content_hash: contentHash,
      })),
    };
  }

  @Put(':server_id/approve')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Approve a submission',
    description: 'With `content_hash` only what was seen. Nobody approves what they submitted themselves.',
  })
  @ApiOkResponse({ schema: viewSchema('admin') })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async approve(
    @Param('server_id') serverId: string,
    @Body() body: ApproveServerDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<ServerView> {
    return toAdminView(await this.submissions.approve(serverId, { contentHash: body.content_hash }, caller));
  }

  @Put(':server_id/reject')
  @HttpCode(200)
  @RequireRole('admin')
  @ApiParam(SERVER_ID)
  @ApiOperation({
    summary: 'Reject a submission, or switch an active server off',
    description: 'An active server is gone for all callers within two seconds, and can be approved again.',
  })
  @ApiOkResponse({ schema: viewSchema('admin') })
  @ApiProblems(...BODY_PROBLEMS, 'not_found', 'conflict')
  async reject(
    @Param('server_id') serverId: string,
    @Body() body: RejectServerDto,
    @CurrentPrincipal() caller: Principal,
  ): Promise<ServerView> {
    const review = { contentHash: body.content_hash, notes: body.review_notes };
    return toAdminView(await this.submissions.reject(serverId, review, caller));
  }
}

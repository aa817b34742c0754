import { pipeline } from 'node:stream/promises';
import { Body, Controller, Get, HttpCode, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { admit } from '../audit/refusal.filter.js';
import type { AuthenticatedRequest } from '../auth/access.guard.js';
import { CredentialWatch } from '../auth/credential-watch.js';
import { HttpCall } from '../auth/http-call.js';
import { RequireRole } from '../common/access.decorator.js';
import { ApiProblems } from '../common/api-problems.decorator.js';
import type { ErrorCode } from '../common/error-codes.js';
import { BodyLimit } from '../common/json-body.interceptor.js';
import { toGatehouseError } from '../common/problem.js';
import { HttpCallers } from '../permissions/http-caller.js';
import { CHAT } from './chat-dialect.js';
import { ChatStreamService } from './chat-stream.service.js';
import type { Dialect } from './dialect.js';
import { EventSink } from './event-sink.js';
import type { LlmCaller } from './llm-caller.js';
import { LlmAnswerDto, ChatRequestDto, ModelListDto, ResponsesRequestDto } from './llm.dto.js';
import { LlmRecorder } from './llm-recorder.js';
import { LlmRefusalFilter } from './llm-refusal.filter.js';
import { readLlmRequest, type LlmRequest } from './llm-request.js';
import type { LlmRun } from './llm-run.js';
import { LlmService } from './llm.service.js';
import { failed } from './provider-client.js';
import { ProviderRefusal } from './provider-refusal.js';
import { ModelCatalog } from './model-catalog.js';
import { RESPONSES } from './responses-dialect.js';
import { ResponsesStreamService } from './responses-stream.service.js';

/** Requests hold images and whole documents. */
const MAX_BODY_BYTES = 20 * 1024 * 1024;

const PROBLEMS = [
  ...(['invalid_request', 'malformed_json', 'no_tools_resolved', 'unauthenticated', 'forbidden_route'] as const),
  ...(['forbidden_scope', 'rate_limited', 'budget_exceeded', 'guardrail_denied', 'guardrail_unavailable'] as const),
  ...(['upstream_unavailable', 'upstream_timeout', 'upstream_auth_required', 'dependency_unavailable'] as const),
] satisfies readonly ErrorCode[];

const DESCRIPTION =
  'Goes to the provider that model_list names for the model. Entries {"type": "mcp", "server_url": "gatehouse"} of ' +
  'tools become the tools of the caller; with "require_approval": "never" the gateway runs them itself.';

/** The API of OpenAI, for models whose tools are those of the gateway. */
@ApiTags('LLM endpoints')
@ApiBearerAuth('gatehouse-key')
@UseFilters(LlmRefusalFilter)
@Controller()
export class LlmController {
  constructor(
    private readonly llm: LlmService,
    private readonly chat: ChatStreamService,
    private readonly responses: ResponsesStreamService,
    private readonly models: ModelCatalog,
    private readonly callers: HttpCallers,
    private readonly watch: CredentialWatch,
    private readonly recorder: LlmRecorder,
  ) {}

  @Post(['v1/chat/completions', 'chat/completions'])
  @HttpCode(200)
  @RequireRole('any')
  @BodyLimit(MAX_BODY_BYTES)
  @ApiOperation({ summary: 'Ask a model for a chat completion', description: DESCRIPTION })
  @ApiBody({ type: ChatRequestDto })
  @ApiOkResponse({ type: LlmAnswerDto, description: 'As the provider answers; an event stream with stream: true.' })
  @ApiProblems(...PROBLEMS)
  completions(@Req() request: AuthenticatedRequest, @Res() response: Response, @Body() body: unknown): Promise<void> {
    return this.serve(CHAT, request, response, body);
  }

  @Post(['v1/responses', 'responses'])
  @HttpCode(200)
  @RequireRole('any')
  @BodyLimit(MAX_BODY_BYTES)
  @ApiOperation({ summary: 'Ask a model for a response', description: DESCRIPTION })
  @ApiBody({ type: ResponsesRequestDto })
  @ApiOkResponse({ type: LlmAnswerDto, description: 'As the provider answers; an event stream with stream: true.' })
  @ApiProblems(...PROBLEMS)
  respond(@Req() request: AuthenticatedRequest, @Res() response: Response, @Body() body: unknown): Promise<void> {
    return this.serve(RESPONSES, request, response, body);
  }

  @Get(['v1/models', 'models'])
  @RequireRole('any')
  @ApiOperation({ summary: 'List the models', description: 'The names of model_list in gateway.yaml.' })
  @ApiOkResponse({ type: ModelListDto })
  @ApiProblems('unauthenticated', 'forbidden_route')
  list(): ModelListDto {
    const data = this.models.names.map((id) => ({ id, object: 'model' as const, created: 0, owned_by: 'gatehouse' }));
    return { object: 'list', data };
  }

  private async serve(
    dialect: Dialect,
    request: AuthenticatedRequest,
    response: Response,
    body: unknown,
  ): Promise<void> {
    admit(request);
    const http = this.callers.read(request, response);
    const call = new HttpCall(http.principal, response);
    const caller: LlmCaller = { ...http, route: request.path, call };
    const asked = readLlmRequest(body);
    this.watch.enter(call);
    try {
      // Ending a request takes as long as its provider likes, and the caller is to hear at once.
      await Promise.race([call.revoked, this.run(dialect, caller, asked, response)]);
    } finally {
      this.watch.leave(call);
    }
  }

  private async run(dialect: Dialect, caller: LlmCaller, request: LlmRequest, response: Response): Promise<void> {
    try {
      await this.recorded(dialect, caller, request, response);
    } catch (thrown) {
      if (!response.headersSent) throw thrown;
      // It is too late for a status, and the client is not to take the beginning of an answer for all of it.
      if (!response.destroyed) await new EventSink(response, {}).fail(toGatehouseError(thrown));
    }
  }

  private recorded(dialect: Dialect, caller: LlmCaller, request: LlmRequest, response: Response): Promise<void> {
    return this.recorder.recorded(caller, request, async (onSent) => {
      const run = await this.llm.prepare(dialect, caller, request);
      onSent();
      if (request.stream) return this.stream(run, response);
      const answer = await this.llm.answer(run);
      response.set(run.headers).json(answer);
    });
  }

  private async stream(run: LlmRun, response: Response): Promise<void> {
    const sink = new EventSink(response, run.headers);
    try {
      if (run.runnable.size === 0) await this.pass(run, sink, response);
      else await (run.dialect === CHAT ? this.chat : this.responses).stream(run, sink);
    } catch (thrown) {
      if (thrown instanceof ProviderRefusal) throw thrown;
      throw failed(thrown, run.caller.call.cancellation);
    }
    sink.end();
  }

  /** Nothing in it has to be looked at. */
  private async pass(run: LlmRun, sink: EventSink, response: Response): Promise<void> {
    const stream = await this.llm.open(run);
    sink.open();
    await pipeline(stream, response, { end: false });
  }
}

import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../common/json.js';
import { CallLimitGuard } from '../limits/call-limit.guard.js';
import { filterHeaders } from '../semantic-filter/filter-outcome.js';
import { requestToolName } from '../semantic-filter/request-tool.js';
import { SemanticFilterService } from '../semantic-filter/semantic-filter.service.js';
import type { Dialect, FinishedRound } from './dialect.js';
import type { LlmCaller } from './llm-caller.js';
import type { LlmRequest } from './llm-request.js';
import { bodyOfRound, runsAll, type LlmRun } from './llm-run.js';
import { ModelCatalog } from './model-catalog.js';
import { OfferedToolsService } from './offered-tools.service.js';
import { ProviderClient } from './provider-client.js';
import { ToolRunner } from './tool-runner.js';

/** Requests to models: expands and filters their tools, and runs what the model asks for. */
@Injectable()
export class LlmService {
  constructor(
    private readonly models: ModelCatalog,
    private readonly limits: CallLimitGuard,
    private readonly offered: OfferedToolsService,
    private readonly filter: SemanticFilterService,
    private readonly provider: ProviderClient,
    private readonly runner: ToolRunner,
  ) {}

  /**
   * Makes a request ready to be sent.
   * @throws GatehouseError `invalid_request`, `forbidden_scope`, `no_tools_resolved`, `rate_limited`, `budget_exceeded`
   */
  async prepare(dialect: Dialect, caller: LlmCaller, request: LlmRequest): Promise<LlmRun> {
    const endpoint = this.models.endpointOf(request.model);
    const admitted = this.limits.admitRequest(caller.principal);
    if (admitted !== true) await admitted;
    const { tools, runnable: all, listed } = await this.offered.expand(caller, request.tools, dialect.asTool);
    if (all.size > 0) dialect.checkRunnable(request.body);
    const outcome = await this.filter.filter({ tools, query: dialect.queryOf(request.body), listed });
    // A model can ask for what it was not offered; that is for the client to decide.
    const offered = new Set(outcome.tools.map(requestToolName));
    const runnable = new Map([...all].filter(([name]) => offered.has(name)));
    const body = request.tools.length === 0 ? request.body : { ...request.body, tools: [...outcome.tools] };
    return { dialect, caller, endpoint, body, runnable, headers: filterHeaders(outcome) };
  }

  /** The stream of the provider as it comes, for requests without tools to run. @throws GatehouseError or ProviderRefusal */
  open({ endpoint, dialect, body, caller }: LlmRun): Promise<Readable> {
    return this.provider.open(endpoint, dialect.path, body, caller.call.cancellation);
  }

  /** The answer to a request that is not streamed. @throws GatehouseError or ProviderRefusal */
  async answer(run: LlmRun): Promise<JsonObject> {
    const { dialect, caller, endpoint, runnable } = run;
    const earlier: FinishedRound[] = [];
    let { body } = run;
    for (;;) {
      const asked = bodyOfRound(body, earlier.length);
      const answer = await this.provider.ask(endpoint, dialect.path, asked, caller.call.cancellation);
      const calls = dialect.toolCallsOf(answer);
      if (asked !== body || !runsAll(run, calls)) return dialect.finish(answer, earlier);
      const results = await this.runner.runAll(caller, calls, runnable);
      earlier.push({ answer, results });
      body = dialect.next(body, answer, results);
    }
  }
}

import { Injectable } from '@nestjs/common';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { FinishedRound } from './dialect.js';
import type { EventSink } from './event-sink.js';
import { bodyOfRound, runsAll, type LlmRun } from './llm-run.js';
import { ProviderClient } from './provider-client.js';
import { mcpCallItem } from './responses-dialect.js';
import { ResponsesRound } from './responses-round.js';
import { ResponsesWriter } from './responses-writer.js';
import { eventsOf } from './server-sent-events.js';
import { ToolRunner, type ModelToolResult } from './tool-runner.js';

/** Streams `/v1/responses`: calls that the gateway runs become items of their own, as OpenAI has them for its own calls. */
@Injectable()
export class ResponsesStreamService {
  constructor(
    private readonly provider: ProviderClient,
    private readonly runner: ToolRunner,
  ) {}

  /** Ends when the answer is complete. @throws GatehouseError or ProviderRefusal, also in the middle */
  async stream(run: LlmRun, sink: EventSink): Promise<void> {
    const { dialect, caller, runnable } = run;
    const writer = new ResponsesWriter(sink);
    const earlier: FinishedRound[] = [];
    let { body } = run;
    for (;;) {
      const asked = bodyOfRound(body, earlier.length);
      const round = new ResponsesRound((tool) => asked === body && runnable.has(tool));
      await this.round(run, asked, round, writer);
      const calls = dialect.toolCallsOf(round.answer);
      if (asked !== body || !runsAll(run, calls)) {
        for (const event of round.held) await writer.turn(event);
        if (round.closing !== null) await writer.close(round.closing, dialect.finish(round.answer, earlier));
        return;
      }
      const results = await this.runner.runAll(caller, calls, runnable);
      for (const result of results) await tell(result, writer);
      earlier.push({ answer: round.answer, results });
      body = dialect.next(body, round.answer, results);
    }
  }

  private async round(
    { endpoint, dialect, caller }: LlmRun,
    body: JsonObject,
    round: ResponsesRound,
    writer: ResponsesWriter,
  ): Promise<void> {
    writer.nextTurn();
    const stream = await this.provider.open(endpoint, dialect.path, body, caller.call.cancellation);
    for await (const { data } of eventsOf(stream)) {
      if (data === '[DONE]') break;
      const event = JSON.parse(data) as JsonValue;
      if (!isJsonObject(event)) continue;
      const fate = round.take(event);
      if (fate === 'open') writer.begin(event);
      else if (fate === 'send') await writer.turn(event);
    }
  }
}

function tell(result: ModelToolResult, writer: ResponsesWriter): Promise<void> {
  const item = mcpCallItem(result);
  return writer.item({ ...item, output: null, error: null, status: 'in_progress' }, item);
}

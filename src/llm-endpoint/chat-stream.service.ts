import { Injectable } from '@nestjs/common';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { nextChat } from './chat-dialect.js';
import { ChatRound } from './chat-round.js';
import type { EventSink } from './event-sink.js';
import { bodyOfRound, runsAll, type LlmRun } from './llm-run.js';
import { ProviderClient } from './provider-client.js';
import { eventsOf } from './server-sent-events.js';
import { ToolRunner } from './tool-runner.js';
import { addUsage } from './usage.js';

/** Streams `/v1/chat/completions`, the turns in which the gateway runs tools left out. */
@Injectable()
export class ChatStreamService {
  constructor(
    private readonly provider: ProviderClient,
    private readonly runner: ToolRunner,
  ) {}

  /** Ends when the answer is complete. @throws GatehouseError or ProviderRefusal, also in the middle */
  async stream(run: LlmRun, sink: EventSink): Promise<void> {
    let { body } = run;
    let usage: JsonValue | undefined;
    let id: JsonValue | undefined;
    const send = (chunk: JsonObject): Promise<void> => {
      // The turns of a model are one answer to the client.
      id ??= chunk['id'];
      return sink.send(id === undefined ? chunk : { ...chunk, id });
    };
    for (let rounds = 0; ; rounds++) {
      const asked = bodyOfRound(body, rounds);
      const round = await this.round(run, asked, new ChatRound(rounds === 0), send);
      usage = addUsage(usage, round.usage?.['usage']);
      if (asked !== body || !runsAll(run, round.calls)) {
        for (const chunk of round.held) await send(chunk);
        if (round.usage !== null) await send({ ...round.usage, ...(usage !== undefined && { usage }) });
        return sink.send('[DONE]');
      }
      body = nextChat(body, round.message, await this.runner.runAll(run.caller, round.calls, run.runnable));
    }
  }

  private async round(
    { endpoint, dialect, caller }: LlmRun,
    body: JsonObject,
    round: ChatRound,
    send: (chunk: JsonObject) => Promise<void>,
  ): Promise<ChatRound> {
    const stream = await this.provider.open(endpoint, dialect.path, body, caller.call.cancellation);
    for await (const { data } of eventsOf(stream)) {
      if (data === '[DONE]') break;
      const chunk = JSON.parse(data) as JsonValue;
      if (isJsonObject(chunk) && round.take(chunk)) await send(chunk);
    }
    return round;
  }
}

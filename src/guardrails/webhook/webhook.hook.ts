import { Inject, Injectable } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { CONFIG, type Config } from '../../config/config.js';
import { issuerUrlParser } from '../../config/parse-network.js';
import { GUARDRAIL_NAME, GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type {
  DuringMcpCall,
  PostMcpCall,
  PreCallChange,
  PreMcpCall,
  ToolCallResult,
  ToolCallView,
  UpstreamMessage,
} from '../../hooks/hook.types.js';
import { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { OutboundClient } from '../../outbound/outbound-client.js';
import { ToolCallService } from '../../tool-calls/tool-call.service.js';
import { HttpChannel } from './http-channel.js';
import { ToolChannel } from './tool-channel.js';
import { readAnswer, type WebhookAnswer } from './webhook-answer.js';
import type { WebhookChannel } from './webhook-channel.js';
import { questionAbout, type WebhookOutcome, type WebhookPhase } from './webhook-question.js';
import type { WebhookSettings } from './webhook.settings.js';

const DENIED = 'A guardrail does not allow this call';

/** Asks somebody outside of the gateway about calls: an HTTP service, or a tool of an MCP server. */
@Injectable()
export class WebhookGuardrail implements PreMcpCall, DuringMcpCall, PostMcpCall {
  private readonly channel: WebhookChannel;

  constructor(
    @Inject(GUARDRAIL_SETTINGS) settings: WebhookSettings,
    @Inject(GUARDRAIL_NAME) private readonly name: string,
    @Inject(CONFIG) config: Config,
    outbound: OutboundClient,
    registry: ServerRegistry,
    calls: ToolCallService,
  ) {
    const { url, server, tool } = settings;
    this.channel =
      url === undefined
        ? new ToolChannel(
            { guardrail: name, server: String(server), tool: String(tool), ...limitsOf(settings) },
            registry,
            calls,
          )
        : new HttpChannel(
            { url: checkedUrl(name, url, config), secrets: secretsOf(settings), ...limitsOf(settings) },
            outbound,
          );
  }

  async preMcpCall(call: ToolCallView): Promise<PreCallChange | void> {
    const answer = await this.ask('pre', call, null);
    if (answer?.action !== 'change') return;
    const { arguments: changed, headers } = answer;
    return { ...(changed !== undefined && { arguments: changed }), ...(headers !== undefined && { headers }) };
  }

  async duringMcpCall(call: ToolCallView): Promise<void> {
    await this.ask('during', call, null);
  }

  async postMcpCall(
    call: ToolCallView,
    result: Readonly<ToolCallResult>,
    messages: readonly UpstreamMessage[],
  ): Promise<ToolCallResult | void> {
    const answer = await this.ask('post', call, { result, messages });
    return answer?.result;
  }

  /** null: this call is not asked about. */
  private async ask(
    phase: WebhookPhase,
    call: ToolCallView,
    outcome: WebhookOutcome | null,
  ): Promise<WebhookAnswer | null> {
    if (this.channel.passesBy(call)) return null;
    const question = questionAbout(this.name, phase, call, outcome);
    const answer = readAnswer(phase, question.id, await this.channel.ask(question, call));
    if (answer.action === 'deny') throw new GuardrailViolation(answer.message ?? DENIED);
    return answer;
  }
}

function limitsOf({ max_question_bytes, max_answer_bytes }: WebhookSettings) {
  return { maxQuestionBytes: max_question_bytes, maxAnswerBytes: max_answer_bytes };
}

function secretsOf({ secret, previous_secret: previous }: WebhookSettings): string[] {
  return [secret, previous].filter((text) => text !== undefined);
}

/** Who can change an answer on its way decides instead: it needs TLS, except on loopback and where the operator says. */
function checkedUrl(name: string, url: string, { outboundAllow }: Config): string {
  try {
    return issuerUrlParser(outboundAllow)(url);
  } catch (error) {
    throw new Error(`CONFIG_FILE: the guardrail "${name}": url ${messageOf(error)}`, { cause: error });
  }
}

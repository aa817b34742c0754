import type { JsonObject } from '../../common/json.js';
import type { ToolCallView } from '../../hooks/hook.types.js';
import type { WebhookQuestion } from './webhook-question.js';

/** A way to ask a guardrail outside of the gateway. */
export interface WebhookChannel {
  /** Is this call not to be asked about? */
  passesBy(call: ToolCallView): boolean;
  /**
   * @throws Error when there is no answer, or none that can be read; its message is for the log
   */
  ask(question: WebhookQuestion, call: ToolCallView): Promise<JsonObject>;
}

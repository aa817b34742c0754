import { hasDuplicateKeys } from '../../common/duplicate-keys.js';
import type { JsonObject } from '../../common/json.js';
import type { ToolCallView } from '../../hooks/hook.types.js';
import { exchangeJson } from '../../outbound/json-exchange.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';
import type { WebhookChannel } from './webhook-channel.js';
import type { WebhookQuestion } from './webhook-question.js';
import { signatureHeaders } from './webhook-signature.js';

/** Where and how questions are posted. */
export interface HttpChannelOptions {
  readonly url: string;
  /** Each of them signs. */
  readonly secrets: readonly string[];
  readonly maxQuestionBytes: number;
  readonly maxAnswerBytes: number;
}

/** Asks by signed HTTP requests, over connections that are kept. */
export class HttpChannel implements WebhookChannel {
  constructor(
    private readonly options: HttpChannelOptions,
    private readonly outbound: Pick<OutboundClient, 'dispatcherFor'>,
  ) {}

  passesBy(): boolean {
    return false;
  }

  async ask({ id, timestamp, body: question }: WebhookQuestion, { signal }: ToolCallView): Promise<JsonObject> {
    const { url, secrets, maxQuestionBytes, maxAnswerBytes } = this.options;
    const body = JSON.stringify(question);
    if (Buffer.byteLength(body) > maxQuestionBytes) {
      throw new Error(`the call is larger than max_question_bytes (${maxQuestionBytes})`);
    }
    const { document, bytes } = await exchangeJson(this.outbound, {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signatureHeaders(secrets, { id, timestamp, body }) },
      body,
      signal,
      maxBytes: maxAnswerBytes,
    });
    if (hasDuplicateKeys(bytes, document)) throw new Error('the answer names a member twice');
    return document;
  }
}

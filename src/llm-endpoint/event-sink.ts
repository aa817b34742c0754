import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { openAiError } from './llm-refusal.filter.js';

/** The event stream of an answer. Its head is sent with the first event, so that what fails before it has a status. */
export class EventSink {
  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  get isOpen(): boolean {
    return this.response.headersSent;
  }

  /** Waits for a client that reads slowly. */
  async send(data: JsonObject | '[DONE]', event: string | null = null): Promise<void> {
    this.open();
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    const written = this.response.write(`${event === null ? '' : `event: ${event}\n`}data: ${text}\n\n`);
    if (!written && !this.response.destroyed)
      await Promise.race([once(this.response, 'drain'), once(this.response, 'close')]);
  }

  /** Begins the answer. */
  open(): void {
    if (this.response.headersSent) return;
    this.response.writeHead(200, {
      ...this.headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
  }

  /** Says that the answer broke off, in the form of OpenAI, and ends it. */
  async fail(error: GatehouseError): Promise<void> {
    await this.send({ type: 'error', ...openAiError(error) }, 'error');
    this.end();
  }

  end(): void {
    this.response.end();
  }
}
